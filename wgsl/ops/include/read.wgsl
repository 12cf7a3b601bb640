// An array of vec4s that is only read: a buffer or, if TEXELS, a texture.
//: if TEXELS
@group(0) @binding($BINDING) var $NAME: texture_storage_2d<rgba32float, read>;
fn read_$NAME(at: u32) -> vec4f {
  return textureLoad($NAME, vec2u(at % 4096u, at / 4096u));
}
//: else
@group(0) @binding($BINDING) var<storage, read> $NAME: array<vec4<$TYPE>>;
fn read_$NAME(at: u32) -> vec4f {
  return vec4f(${NAME}[at]);
}
//: end
