//: if VECTOR
//: include read NAME=$ARRAY BINDING=$AT TYPE=$TYPE
//: else
//: include read_scalars NAME=$ARRAY BINDING=$AT TYPE=$TYPE
//: end
// Four numbers of a head's vector at `at`, from its element `d` on; 0 past its end.
fn load_$ARRAY(at: u32, d: u32) -> vec4f {
//: if VECTOR
  return read_$ARRAY((at + d) / 4u);
//: else
  var value = vec4f();
  //: for e in 0..4
  if (d + ${e}u < head_size) { value[$e] = read_$ARRAY(at + d + ${e}u); }
  //: end
  return value;
//: end
}
