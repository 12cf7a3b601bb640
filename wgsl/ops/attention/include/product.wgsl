// Adds the products of half of the rows of panels $A and $B to the squares ${SUMS}0, ${SUMS}1, ...
//: for q in 0..2
//: for p in 0..4
        {
          let rows = panels[$A][$p][slot(half * 2u + ${q}u, tile_m)];
//: for j in 0..TILE
          let columns$j = panels[$B][$p][slot(half * 2u + ${q}u, ${j}u * threads_n + tile_n)];
          ${SUMS}$j = add_outer(${SUMS}$j, rows, columns$j);
//: end
        }
//: end
//: end
