extension Sequence<Int> {
  /// Product of extents, at most `Int.max`.
  ///
  /// Some extents of a tensor without elements may have a product that cannot be counted; nothing is done that many times.
  var clampedProduct: Int {
    var product = 1
    for extent in self {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      product = overflow ? Int.max : next
    }
    return product
  }
}
