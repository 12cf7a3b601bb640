// Four numbers of a head's row at `at`, from its element `d` on; 0 past its end.
fn load_$ARRAY(at: u32, d: u32) -> vec4f {
//: if VECTOR
  let values = vec4f(${ARRAY}[(at + min(d, parameters.head_size - 4u)) / 4u]);
  return select(vec4f(), values, d < parameters.head_size);
//: else
  var values = vec4f();
  //: for e in 0..4
  if (d + ${e}u < parameters.head_size) { values[$e] = f32(${ARRAY}[at + d + ${e}u]); }
  //: end
  return values;
//: end
}
