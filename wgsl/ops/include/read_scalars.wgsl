// An array of numbers that is only read: a buffer or, if TEXELS, a texture.
//: if TEXELS
@group(0) @binding($BINDING) var $NAME: texture_storage_2d<r32float, read>;
fn read_$NAME(at: u32) -> f32 {
  return textureLoad($NAME, vec2u(at % 4096u, at / 4096u)).x;
}
//: else
@group(0) @binding($BINDING) var<storage, read> $NAME: array<$TYPE>;
fn read_$NAME(at: u32) -> f32 {
  return f32(${NAME}[at]);
}
//: end
