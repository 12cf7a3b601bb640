/** Takes items from a generator one ahead of their use. */
export async function* oneAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  const take = () => {
    const item = items.next();
    item.catch(() => {}); // it fails when its turn has come
    return item;
  };
  try {
    for (let next = take();;) {
      const { value, done } = await next;
      if (done) return;
      next = take();
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}

/**
 * Maps items in parallel, as long as those under way weigh no more than `most` together; at least
 * one is. The results come in the order of the items.
 */
export async function* mapAhead<T, R>(
  items: AsyncIterable<T>,
  most: number,
  weigh: (item: T) => number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: { result: Promise<R>; weight: number }[] = [];
  let sum = 0;
  const first = () => {
    const { result, weight } = underWay.shift()!;
    sum -= weight;
    return result;
  };
  for await (const item of items) {
    const weight = weigh(item);
    while (underWay.length > 0 && sum + weight > most) yield await first();
    const result = map(item);
    result.catch(() => {}); // as above
    underWay.push({ result, weight });
    sum += weight;
  }
  while (underWay.length > 0) yield await first();
}
