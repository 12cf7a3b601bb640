// Four numbers of a head's row at `at`, from its element `d` on; 0 past its end.
fn load_$ARRAY(at: u32, d: u32) -> vec4f {
//: if VECTOR
  if (d >= parameters.head_size) { return vec4f(); }
  return vec4f(${ARRAY}[(at + d) / 4u]);
//: else
  var values = vec4f();
  //: for e in 0..4
  if (d + ${e}u < parameters.head_size) { values[$e] = f32(${ARRAY}[at + d + ${e}u]); }
  //: end
  return values;
//: end
}
