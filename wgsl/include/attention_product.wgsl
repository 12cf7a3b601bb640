// Adds the products of eight rows of panels $A and $B to the squares ${SUMS}0, ${SUMS}1, ...
//: for p in 0..8
        {
          let rows = panels[$A][$p][half * 16u + (tile_m ^ (half * 4u + ${p}u / 4u * 2u))];
//: for j in 0..TILE
          let columns$j = panels[$B][$p][
            half * 16u + ((${j}u * threads_n + tile_n) ^ (half * 4u + ${p}u / 4u * 2u))
          ];
          ${SUMS}$j = add_outer(${SUMS}$j, rows, columns$j);
//: end
        }
//: end
