import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// A linear operator whose output channels are scaled and shifted: its new form.
struct ChannelFold {
  /// Why a match cannot be folded.
  struct Obstacle: Error {
    var reason: String
  }

  var op: any Operator
  var weight: Tensor
  var bias: Tensor

  /// The new operator and weights for a match that binds `linear`, `after`, `w`, `b` and the constants of what stands after.
  static func make(_ match: Match, _ graph: Graph) throws(Diagnostic) -> Result<ChannelFold, Obstacle> {
    let linear = graph[try match.node("linear")]
    guard let weight = graph.constant(try match.value("w")), weight.dtype == .float32 || weight.dtype == .float64 else {
      return .failure(Obstacle(reason: "weights rounded to 16 bits anew would cost more than is promised"))
    }
    guard let output = linear.outputs.first ?? nil, let rank = graph[output].type?.tensor?.rank else {
      return .failure(Obstacle(reason: "the number of its axes is not known"))
    }
    guard let layout = ChannelLayout(linear.op, weight.shape, rank: rank) else {
      return .failure(Obstacle(reason: "the last axis is not the channels'"))
    }
    guard let (factors, shifts) = try transform(match, graph, channels: layout.channels, rank: rank) else {
      return .failure(Obstacle(reason: "the constant after it has not one element for each channel"))
    }
    guard (factors + shifts).allSatisfy(\.isFinite) else {
      return .failure(Obstacle(reason: "a channel's factor or addend is not finite"))
    }
    guard let bias = try bias(match, graph, linear.op, layout.channels) else {
      return .failure(Obstacle(reason: "its bias is not one for each channel"))
    }
    guard var numbers = weight.doubles() else { return .failure(Obstacle(reason: "its weights are no numbers")) }
    for index in numbers.indices { numbers[index] *= factors[layout.channel(of: index)] * layout.gain }
    let shifted = zip(bias.indices, bias).map { $1 * factors[$0] + shifts[$0] }
    return .success(
      ChannelFold(
        op: layout.op, weight: try tensor(numbers, weight.shape, weight.dtype),
        bias: try tensor(shifted, [layout.channels], weight.dtype)))
  }

  /// Factor and addend of each channel, as what stands after the linear operator gives them.
  private static func transform(
    _ match: Match, _ graph: Graph, channels: Int, rank: Int
  ) throws(Diagnostic) -> (factors: [Double], shifts: [Double])? {
    let after = graph[try match.node("after")]
    if let op = after.op as? BatchNormalization {
      guard let scale = graph.constant(try match.value("scale"))?.doubles(), scale.count == channels,
        let shift = graph.constant(try match.value("shift"))?.doubles(), shift.count == channels,
        let mean = graph.constant(try match.value("mean"))?.doubles(), mean.count == channels,
        let variance = graph.constant(try match.value("variance"))?.doubles(), variance.count == channels
      else { return nil }
      let factors = zip(scale, variance).map { $0 / ($1 + Double(op.epsilon)).squareRoot() }
      return (factors, factors.indices.map { shift[$0] - mean[$0] * factors[$0] })
    }
    let isFactor = after.op is Mul
    guard let constant = graph.constant(try match.value(isFactor ? "factor" : "addend")),
      let numbers = perChannel(constant, channels: channels, rank: rank)
    else { return nil }
    let (ones, zeros) = (Array(repeating: 1.0, count: channels), Array(repeating: 0.0, count: channels))
    return isFactor ? (numbers, zeros) : (ones, numbers)
  }

  /// The constant's element for each channel, the axis 1 of `rank`, if it has no other.
  private static func perChannel(_ constant: Tensor, channels: Int, rank: Int) -> [Double]? {
    guard constant.rank <= rank, let numbers = constant.doubles() else { return nil }
    if numbers.count == 1 { return Array(repeating: numbers[0], count: channels) }
    return constant.isPerChannel(channels, rank: rank) ? numbers : nil
  }

  private static func bias(
    _ match: Match, _ graph: Graph, _ op: any Operator, _ channels: Int
  ) throws(Diagnostic) -> [Double]? {
    guard let id = match.optionalValue("b") else { return Array(repeating: 0, count: channels) }
    guard let constant = graph.constant(id), let numbers = constant.doubles() else { return nil }
    let scale = (op as? Gemm).map { Double($0.beta) } ?? 1
    if numbers.count == 1, !(op is Conv || op is ConvTranspose) { return Array(repeating: numbers[0] * scale, count: channels) }
    guard numbers.count == channels, constant.shape.last == channels else { return nil }
    return numbers.map { $0 * scale }
  }

  private static func tensor(_ numbers: [Double], _ shape: [Int], _ dtype: DType) throws(Diagnostic) -> Tensor {
    dtype == .float64 ? try Tensor(numbers, shape: shape) : try Tensor(numbers.map { Float($0) }, shape: shape)
  }
}

/// Where the output channels lie in a weight.
private struct ChannelLayout {
  /// The operator that takes the new weight.
  let op: any Operator
  let channels: Int
  /// A factor of all weights.
  var gain = 1.0
  /// Elements of the weight for each step of the innermost channel axis.
  private let inner: Int
  /// Extent of that axis.
  private let extent: Int
  /// Input channels of each group, where channels of a group are counted apart; 0 elsewhere.
  private var inputsOfGroup = 0

  init?(_ op: any Operator, _ shape: [Int], rank: Int) {
    switch op {
    case is Conv:
      guard let first = shape.first else { return nil }
      (self.op, channels, extent, inner) = (op, first, first, shape.dropFirst().reduce(1, *))
    case let transposed as ConvTranspose:
      guard shape.count > 2, shape[0] % transposed.groups == 0 else { return nil }
      (self.op, channels, extent, inner) = (op, shape[1] * transposed.groups, shape[1], shape.dropFirst(2).reduce(1, *))
      inputsOfGroup = shape[0] / transposed.groups
    case let gemm as Gemm:
      guard shape.count == 2 else { return nil }
      (channels, extent, inner) = gemm.transposesB ? (shape[0], shape[0], shape[1]) : (shape[1], shape[1], 1)
      self.op = Gemm(transposesA: gemm.transposesA, transposesB: gemm.transposesB)
      gain = Double(gemm.alpha)
    case is MatMul:
      guard shape.count == 2, rank == 2 else { return nil }
      (self.op, channels, extent, inner) = (Gemm(), shape[1], shape[1], 1)
    default: return nil
    }
  }

  /// The output channel that the weight at `index` belongs to.
  func channel(of index: Int) -> Int {
    let own = index / inner % extent
    guard inputsOfGroup > 0 else { return own }
    return index / (inner * extent) / inputsOfGroup * extent + own
  }
}
