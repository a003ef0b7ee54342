import LatheDiagnostics
import LatheIR
import LatheTensors

/// What Attention and QAttention of ONNX Runtime share: one input projected to queries, keys and values by one weight.
protocol ProjectedAttention: Operator {
  var heads: Int { get }
  var isCausal: Bool { get }
  var scale: Float? { get }
  var filterValue: Float { get }
  /// Whether past and present are one buffer.
  var sharesBuffer: Bool { get }
  /// Whether queries and keys are turned by their position.
  var isRotary: Bool { get }
}

/// Extents of queries and values, all heads together.
struct ProjectedSizes {
  var query: Dimension
  var value: Dimension
}

extension ProjectedAttention {
  static var commonKinds: [String: Attribute.Kind] {
    [
      "do_rotary": .integer, "mask_filter_value": .float, "num_heads": .integer, "past_present_share_buffer": .integer,
      "scale": .float, "unidirectional": .integer,
    ]
  }

  func encodeCommon(into attributes: inout Attributes) {
    attributes.set("num_heads", heads)
    if isCausal { attributes.set("unidirectional", true) }
    if let scale { attributes.set("scale", scale) }
    if filterValue != -10000 { attributes.set("mask_filter_value", filterValue) }
    if sharesBuffer { attributes.set("past_present_share_buffer", true) }
    if isRotary { attributes.set("do_rotary", true) }
  }

  /// Types of the output and, if keys and values have one size, of the present state.
  func inferAttention(
    _ input: TensorType, _ weight: TensorType, bias: TensorType?, mask: TensorType?, past: TensorType?, dtype: DType,
    qkvSizes: [Int]?
  ) throws(Diagnostic) -> [ValueType] {
    let x = try axes(input, 3, "input") ?? Array(repeating: .unknown, count: 3)
    let w = try axes(weight, 2, "weights") ?? Array(repeating: .unknown, count: 2)
    guard !x[2].isProvablyDifferent(from: w[0]) else { throw misfit("weights \(weight) do not fit the input \(input)") }
    let sizes = try sizes(w[1], qkvSizes)
    if let bias, let shape = try axes(bias, 1, "bias"), shape[0].isProvablyDifferent(from: w[1]) {
      throw misfit("a bias of \(bias) does not fit weights of \(weight)")
    }
    var (pastLength, depth): (Dimension, Dimension) = (0, sizes.query.exactlyDivided(by: .known(heads)) ?? .unknown)
    if let past {
      let shape = try axes(past, 5, "past") ?? Array(repeating: .unknown, count: 5)
      let expected: Shape = [2, x[0], .known(heads), .unknown, depth]
      guard !zip(shape, expected).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw misfit("a past of \(past) does not fit \(expected)")
      }
      pastLength = shape[3]
      if depth == .unknown { depth = shape[4] }
    }
    let total = pastLength + x[1]
    if !sharesBuffer { try PaddingMask.check(mask, batch: x[0], queries: x[1], keys: total) }
    let output = ValueType.tensor(TensorType(dtype, [x[0], x[1], sizes.value]))
    if sizes.query.isProvablyDifferent(from: sizes.value) { return [output] }
    return [output, .tensor(TensorType(dtype, [2, x[0], .known(heads), sharesBuffer ? pastLength : total, depth]))]
  }

  private func sizes(_ width: Dimension, _ given: [Int]?) throws(Diagnostic) -> ProjectedSizes {
    guard let given else {
      if let number = width.known, number % (3 * heads) != 0 {
        throw misfit("\(number) columns are not 3 times \(heads) heads")
      }
      let size = width.exactlyDivided(by: 3) ?? .unknown
      return ProjectedSizes(query: size, value: size)
    }
    guard given.count == 3, given.allSatisfy({ $0 > 0 && $0 % heads == 0 && $0 <= 1 << 40 }), given[0] == given[1]
    else {
      throw misfit("qkv_hidden_sizes = \(given) should be three multiples of \(heads) heads, the first two the same")
    }
    guard !width.isProvablyDifferent(from: .known(given[0] + given[1] + given[2])) else {
      throw misfit("qkv_hidden_sizes = \(given) do not add up to \(width) columns")
    }
    return ProjectedSizes(query: .known(given[0]), value: .known(given[2]))
  }

  private func axes(_ type: TensorType, _ rank: Int, _ role: String) throws(Diagnostic) -> Shape? {
    guard let shape = type.shape else { return nil }
    guard shape.count == rank else { throw misfit("\(role) should have \(rank) axes, but is \(type)") }
    return shape
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/attention", "\(name): \(message)") }

  /// Attention on the projection [batch, steps, columns] in `Float`; the results are in `Float` too.
  func attended(
    _ projected: Tensor, mask: Tensor?, past: Tensor?, bias: Tensor?, qkvSizes: [Int]?
  ) throws(Diagnostic) -> [Tensor] {
    guard !sharesBuffer, !isRotary else {
      throw .invalid("operator/unsupported", "\(name) cannot be run with past_present_share_buffer or do_rotary")
    }
    let sizes = qkvSizes ?? Array(repeating: projected.shape[2] / 3, count: 3)
    var parts: [Tensor] = []
    for (index, size) in sizes.enumerated() {
      let first = sizes[..<index].reduce(0, +)
      var layout = StridedLayout(contiguous: projected.shape)
      (layout.offset, layout.shape[2]) = (first, size)
      parts.append(try projected.gathered(by: layout).splitIntoHeads(heads))
    }
    var pastLength = 0
    if let past = try past?.converted(to: Float.self) {
      pastLength = past.shape[3]
      for index in 1...2 {
        parts[index] = try Tensor.joined([try past.part(index - 1, axis: 0), parts[index]], axis: 2)
      }
    }
    let (q, k, v) = (parts[0], parts[1], parts[2])
    let padding = try PaddingMask(
      mask: mask, filter: filterValue, bias: bias, isCausal: isCausal, batch: q.shape[0], heads: heads,
      queries: q.shape[2],
      keys: k.shape[2], past: pastLength)
    let product = ScaledDotProduct(scale: scale.map(Double.init) ?? 1 / Double(q.shape[3]).squareRoot())
    let output = try product(q, k, v, as: Float.self, bias: padding.add).result.joiningHeads()
    guard sizes[0] == sizes[2] else { return [output] }
    let present = try Tensor.joined([try k.reshaped(to: [1] + k.shape), try v.reshaped(to: [1] + v.shape)], axis: 0)
    return [output, present]
  }
}
