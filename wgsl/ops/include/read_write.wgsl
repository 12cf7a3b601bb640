// An array of f32 that is read, as `read_$NAME(at)`, before the same invocation writes it; what is
// read lies in a texture of its own if TEXELS.
@group(0) @binding($BINDING) var<storage, read_write> $NAME: array<f32>;
//: if TEXELS
@group(0) @binding($FROM) var ${NAME}_before: texture_storage_2d<r32float, read>;
fn read_$NAME(at: u32) -> f32 {
  return textureLoad(${NAME}_before, vec2u(at % 4096u, at / 4096u)).x;
}
//: else
fn read_$NAME(at: u32) -> f32 {
  return ${NAME}[at];
}
//: end
