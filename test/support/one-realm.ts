/**
 * Jest runs what it loads in a realm of its own, where an error that Node itself throws is no `instanceof Error`. The SDK of AWS asks
 * just that, and would keep nothing of it. With this imported, such errors are what they are outside of Jest.
 */
const ordinary = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, error: unknown): boolean {
    if (this === Error && Object.prototype.toString.call(error) === '[object Error]') return true;
    return ordinary.call(this as () => void, error);
  },
});
