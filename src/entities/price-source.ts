/** Of two prices for the same, an operator's goes before the configuration's, both before the list's. */
export type PriceSource = 'catalogue' | 'config' | 'operator';
