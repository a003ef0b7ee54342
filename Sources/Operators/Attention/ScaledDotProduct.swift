internal import Foundation
import LatheDiagnostics
import LatheTensors

/// softmax(scale · Q·Kᵀ + bias) · V for each head, the core of every attention operator.
struct ScaledDotProduct {
  /// What of the scores is kept as a second result.
  enum Capture { case products, capped, biased, probabilities }

  /// Adds the bias of one query to `row`, one entry for each key; −∞ for keys that are not attended to.
  typealias Bias = (_ batch: Int, _ head: Int, _ query: Int, _ row: UnsafeMutableBufferPointer<Double>) -> Void

  /// Factor of the products.
  var scale: Double
  /// Products x become cap · tanh(x / cap); 0 for no cap.
  var softcap: Double = 0
  var capture: Capture? = nil
  /// What products, capped and biased scores are rounded to, one after another.
  var precision = FloatPrecision.double
  /// What each step of the softmax is rounded to; as in ONNX's reference, so is the running sum of bfloat16, while that of float16 is not.
  var softmaxPrecision = FloatPrecision.double

  /// The result [batch, heads, queries, width], and the captured scores [batch, heads, queries, keys].
  ///
  /// `q` is [batch, heads, queries, depth], `k` is [batch, shared heads, keys, depth], `v` is [batch, shared heads, keys, width]; the
  /// shapes have been checked, and all elements are `W`, which sums are taken in. A query that attends to nothing gives zeros.
  func callAsFunction<W: FloatElement>(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, as type: W.Type, bias: Bias
  ) throws(Diagnostic) -> (result: Tensor, captured: Tensor?) {
    let (batch, heads, queries, depth) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let (shared, keys, width) = (k.shape[1], k.shape[2], v.shape[3])
    let factor = precision.rounded(Swift.abs(scale).squareRoot())
    let sign: Double = scale < 0 ? -1 : 1
    let left = try Broadcasting.map(q) { (x: W) in W(double: precision.rounded(x.wide * factor * sign)) }
    let right = try Broadcasting.map(k) { (x: W) in W(double: precision.rounded(x.wide * factor)) }.permuted([
      0, 1, 3, 2,
    ])
    var captured = [W](repeating: W.zero, count: capture == nil ? 0 : batch * heads * queries * keys)
    var scores = [W](repeating: W.zero, count: queries * keys)
    var row = [Double](repeating: 0, count: keys)
    let result = try Tensor(of: W.self, shape: [batch, heads, queries, width]) {
      (target: UnsafeMutableBufferPointer<W>) in
      guard heads > 0, shared > 0 else { return }
      left.withElements(as: W.self) { left in
        right.withElements(as: W.self) { right in
          v.withElements(as: W.self) { v in
            for item in 0..<batch * heads {
              let (image, head) = (item / heads, item % heads)
              let other = image * shared + head / (heads / shared)
              multiply(
                left, item * queries * depth, right, other * depth * keys, &scores, m: queries, k: depth, n: keys)
              for query in 0..<queries {
                soften(&scores, query, image, head, bias, &row, into: &captured, at: (item * queries + query) * keys)
              }
              scores.withUnsafeBufferPointer { scores in
                guard let a = scores.baseAddress, let b = v.baseAddress, let to = target.baseAddress else { return }
                MatrixProduct.accumulate(
                  a, b + other * keys * width, into: to + item * queries * width, m: queries, k: keys, n: width)
              }
            }
          }
        }
      }
    }
    return (result, capture == nil ? nil : try Tensor(captured, shape: [batch, heads, queries, keys]))
  }

  @inline(__always)
  private func multiply<W: FloatElement>(
    _ a: UnsafeBufferPointer<W>, _ first: Int, _ b: UnsafeBufferPointer<W>, _ second: Int, _ sums: inout [W], m: Int,
    k: Int,
    n: Int
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      sums.update(repeating: W.zero)
      guard let a = a.baseAddress, let b = b.baseAddress, let to = sums.baseAddress else { return }
      MatrixProduct.accumulate(a + first, b + second, into: to, m: m, k: k, n: n)
    }
  }

  private func capped<W: FloatElement>(_ score: W) -> W {
    let bounded = precision.rounded(tanh(precision.rounded(score.wide / softcap)))
    return W(double: precision.rounded(softcap * bounded))
  }

  /// Turns one query's products into probabilities.
  @inline(__always)
  private func soften<W: FloatElement>(
    _ scores: inout [W], _ query: Int, _ image: Int, _ head: Int, _ bias: Bias, _ row: inout [Double],
    into captured: inout [W], at place: Int
  ) {
    let (keys, start) = (row.count, query * row.count)
    for key in 0..<keys { scores[start + key] = W(double: precision.rounded(scores[start + key].wide)) }
    if capture == .products { for key in 0..<keys { captured[place + key] = scores[start + key] } }
    if softcap > 0 {
      for key in 0..<keys { scores[start + key] = capped(scores[start + key]) }
    }
    if capture == .capped { for key in 0..<keys { captured[place + key] = scores[start + key] } }
    for key in 0..<keys { row[key] = 0 }
    row.withUnsafeMutableBufferPointer { bias(image, head, query, $0) }
    let isMasked = row.allSatisfy { $0 == -Double.infinity }
    for key in 0..<keys { row[key] = precision.rounded(row[key] + scores[start + key].wide) }
    if capture == .biased { for key in 0..<keys { captured[place + key] = W(double: row[key]) } }
    let isEmpty = softmax(&row)
    for key in 0..<keys {
      let probability = isMasked || isEmpty ? W.zero : W(double: precision.rounded(row[key]))
      scores[start + key] = probability
      if capture == .probabilities { captured[place + key] = probability }
    }
  }

  /// Turns scores into probabilities; true where none of them is above −∞.
  @inline(__always)
  private func softmax(_ row: inout [Double]) -> Bool {
    var largest = -Double.infinity
    for key in row.indices {
      row[key] = softmaxPrecision.rounded(row[key])
      largest = Swift.max(largest, row[key])
    }
    var sum = 0.0
    for key in row.indices {
      row[key] = softmaxPrecision.rounded(exp(softmaxPrecision.rounded(row[key] - largest)))
      sum += row[key]
      if softmaxPrecision == .brain { sum = softmaxPrecision.rounded(sum) }
    }
    sum = softmaxPrecision.rounded(sum)
    for key in row.indices { row[key] = softmaxPrecision.rounded(row[key] / sum) }
    return largest == -Double.infinity
  }
}

extension Tensor {
  /// [batch, sequence, heads · size] as [batch, heads, sequence, size].
  func splitIntoHeads(_ heads: Int) throws(Diagnostic) -> Tensor {
    try reshaped(to: [shape[0], shape[1], heads, shape[2] / heads]).permuted([0, 2, 1, 3])
  }

  /// [batch, heads, sequence, size] as [batch, sequence, heads · size].
  func joiningHeads() throws(Diagnostic) -> Tensor {
    try permuted([0, 2, 1, 3]).reshaped(to: [shape[0], shape[2], shape[1] * shape[3]])
  }

  /// The floats as `W`, rounded where it is narrower.
  func converted<W: FloatElement>(to type: W.Type) throws(Diagnostic) -> Tensor {
    switch dtype {
    case W.dtype: return self
    case .float32: return try Broadcasting.map(self) { (x: Float) in W(double: x.wide) }
    case .float64: return try Broadcasting.map(self) { (x: Double) in W(double: x.wide) }
    case .float16: return try Broadcasting.map(self) { (x: Float16) in W(double: x.wide) }
    case .bfloat16: return try Broadcasting.map(self) { (x: BFloat16) in W(double: x.wide) }
    default: throw .invalid("operator/dtype", "\(dtype) is no float")
    }
  }

  /// Tensors of one type joined along an axis.
  static func joined(_ tensors: [Tensor], axis: Int) throws(Diagnostic) -> Tensor {
    try Concat(axis: axis).evaluate(tensors)[0]
  }
}
