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
 * Maps items in parallel: of up to `ahead` of them the results are under way at a time. They come
 * in the order of the items.
 */
export async function* mapAhead<T, R>(
  items: AsyncIterable<T>,
  ahead: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const results: Promise<R>[] = [];
  for await (const item of items) {
    const result = map(item);
    result.catch(() => {}); // as above
    results.push(result);
    if (results.length >= ahead) yield await results.shift()!;
  }
  while (results.length > 0) yield await results.shift()!;
}
