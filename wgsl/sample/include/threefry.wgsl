// Threefry-2x32 of 20 rounds: random bits from a key and a counter (Salmon et al. 2011, "Parallel
// random numbers: as easy as 1, 2, 3").
fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  var keys = array<u32, 3>(key.x, key.y, key.x ^ key.y ^ 0x1bd11bdau);
  var x = counter + key;
  for (var four = 1u; four <= 5u; four++) {
    let rotations = select(vec4u(17u, 29u, 16u, 24u), vec4u(13u, 15u, 26u, 6u), four % 2u == 1u);
//: for r in xyzw
    x.x += x.y;
    x.y = ((x.y << rotations.$r) | (x.y >> (32u - rotations.$r))) ^ x.x;
//: end
    x += vec2u(keys[four % 3u], keys[(four + 1u) % 3u] + four);
  }
  return x;
}
