import type { Random } from "../random.ts";

/**
 * Shuffles a stream within bounded memory: it holds `size` items, and gives away one of them, drawn
 * at random, for each that comes in. What is left at the end is given away in random order.
 */
export class ShuffleStream<T> extends TransformStream<T, T> {
  constructor(size: number, random: Random) {
    const held: T[] = [];
    super({
      transform(item, controller) {
        if (held.length < size) {
          held.push(item);
          return;
        }
        const drawn = random.below(size);
        controller.enqueue(held[drawn]);
        held[drawn] = item;
      },
      flush(controller) {
        while (held.length > 0) {
          const drawn = random.below(held.length);
          controller.enqueue(held[drawn]);
          held[drawn] = held[held.length - 1];
          held.pop();
        }
      },
    });
  }
}
