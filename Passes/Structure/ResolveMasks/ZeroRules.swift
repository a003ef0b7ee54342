import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Where the results of one node hold zeros, operator by operator.
struct ZeroRules {
  private let site: ZeroSite

  init(_ site: ZeroSite) { self.site = site }

  /// What is known of a result; nil if nothing is.
  func places(in result: Int) -> ZeroPlaces? {
    switch site.op {
    case is Mul: product([0, 1]).or(elementwise())
    case is Div: site.constant(1) == nil ? quotient : elementwise()
    case is Where: site.carried(from: 1).and(site.carried(from: 2))
    case is MatMul, is Einsum: product(Array(site.operands.indices))
    case is Gemm, is Conv: product([0, 1]).and(addend(2))
    case let linear as Linear: keepsZero(linear.activation) ? product([0, 1]).and(addend(2)).and(addend(3)) : nil
    case let layer as Convolution: keepsZero(layer.activation) ? product([0, 1]).and(addend(2)).and(addend(3)) : nil
    case let layer as QuantizedLinear where !(8...10).contains(where: site.has):
      keepsZero(layer.activation) ? product([0, 2]).and(addend(4)).and(addend(5)) : nil
    case is QuantizeRows: result == 0 && !site.has(2) ? site.carried(from: 0) : nil
    case let pad as Pad: pad.mode != .constant || site.isZeroOrAbsent(2) ? site.carried(from: 0) : nil
    case let resize as Resize: resize.sampling.extrapolation == 0 ? site.carried(from: 0) : nil
    case is QuantizeLinear, is DequantizeLinear: site.isZeroOrAbsent(2) ? site.carried(from: 0) : nil
    case let concat as Concat: concatenation(concat.axis)
    case is BatchNormalization: batchNormalization
    case is FusedAttention: attention
    case let filled as ConstantOfShape: filled.value?.zeroPlaces().isWhole == false ? nil : whole
    case is LatheOperators.Attention: result == 0 && !site.has(5) ? site.carried(from: 2) : nil
    case is LSTM, is GRU, is RNN, is PackedLSTM, is PackedGRU: ZeroStates(site)?.places(in: result)
    case is Clip, is PRelu, is any Elementwise: elementwise()
    default: carriesZeros(result) ? site.carried(from: 0, to: result) : nil
    }
  }

  /// Whether each element of a result is made of those of the first operand at the same indices, and a zero if those are.
  private func carriesZeros(_ result: Int) -> Bool {
    switch site.op {
    case is Identity, is Dropout, is MaxPool: result == 0
    case is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Transpose, is Slice, is Split, is Expand, is Tile: true
    case is Gather, is CastLike: true
    case is AveragePool, is LpPool, is GlobalAveragePool, is GlobalMaxPool, is GlobalLpPool, is CumSum: true
    case is ReduceSum, is ReduceMean, is ReduceMax, is ReduceMin, is ReduceL1, is ReduceL2, is ReduceSumSquare: true
    default: false
    }
  }

  /// Zeros of any factor, where the constants among the others are finite.
  private func product(_ factors: [Int]) -> ZeroPlaces {
    factors.reduce(site.none()) { places, factor in
      let own = site.carried(from: factor)
      guard !own.isEmpty, factors.allSatisfy({ $0 == factor || site.constant($0)?.isFinite ?? true }) else { return places }
      return places.or(own)
    }
  }

  /// Zeros of an addend; everywhere if it is left out.
  private func addend(_ position: Int) -> ZeroPlaces {
    site.has(position) ? site.carried(from: position) : whole
  }

  private var whole: ZeroPlaces { ZeroPlaces(axes: site.none().axes, isWhole: true) }

  /// Zeros of the dividend, if the divisor has none.
  private var quotient: ZeroPlaces? { site.zeros[1]?.isEmpty == true ? site.carried(from: 0) : nil }

  private func concatenation(_ axis: Int) -> ZeroPlaces? {
    guard let shape = site.results.first?.shape else { return nil }
    let place = axis < 0 ? axis + shape.count : axis
    let parts = site.zeros.compactMap { $0 }
    guard shape.indices.contains(place), parts.count == site.operands.count,
      parts.allSatisfy({ $0.axes.count == shape.count })
    else { return nil }
    let extents = site.operands.compactMap { $0?.type.tensor?.shape?[place].known }
    var along: [Bool]?
    if let extent = shape[place].known, extent <= ZeroSite.mostPlaces, extents.count == parts.count,
      extents.allSatisfy({ $0 <= extent })
    {
      along = zip(parts, extents).flatMap { part, own in (0..<own).map { part.holds(place, $0) } }
    }
    let axes = shape.enumerated().map { axis, extent -> [Bool]? in
      if axis == place { return along }
      guard let extent = extent.known, extent <= ZeroSite.mostPlaces else { return nil }
      return (0..<extent).map { index in parts.allSatisfy { $0.holds(axis, index) } }
    }
    return ZeroPlaces(axes: axes)
  }

  /// A channel of zeros stays one where scale and bias make it so; a scale and a bias of zero make one of any.
  private var batchNormalization: ZeroPlaces? {
    guard let shape = site.results.first?.shape, shape.count > 1, (1...4).allSatisfy({ site.constant($0) != nil }) else {
      return nil
    }
    let isFinite = (1...4).allSatisfy { site.constant($0)?.isFinite ?? false }
    let silent = isFinite ? site.carried(from: 1).and(site.carried(from: 2)) : site.none()
    guard let channels = shape[1].known, let atZero = value(atZeroOf: [0], shapes: [0: [1, channels]]) else { return silent }
    let axes = shape.indices.map { $0 == 1 ? atZero.zeroPlaces().axes[1] : nil }
    return silent.or(site.carried(from: 0).and(ZeroPlaces(axes: axes)))
  }

  /// Values of zero make contexts of zero; in one operand, they lie behind queries and keys.
  private var attention: ZeroPlaces? {
    if site.has(2) { return site.carried(from: 2) }
    guard let own = site.zeros[0], own.axes.count == 3, let width = site.results.first?.shape?.last?.known,
      width <= ZeroSite.mostPlaces
    else { return nil }
    return ZeroPlaces(axes: [nil, nil, (0..<width).map { own.holds(2, 2 * width + $0) }])
  }
}

extension ZeroRules {
  /// Zeros of all computed operands where the operator makes a zero of zeros and its constants.
  private func elementwise() -> ZeroPlaces {
    let computed = site.operands.indices.filter { site.has($0) && site.constant($0) == nil }
    guard let first = computed.first, let shape = site.results.first?.shape else { return site.none() }
    let silent = computed.dropFirst().reduce(site.carried(from: first)) { $0.and(site.carried(from: $1)) }
    guard !silent.isEmpty, let atZero = value(atZeroOf: computed) else { return site.none() }
    let own = atZero.zeroPlaces()
    let axes = shape.enumerated().map { axis, extent -> [Bool]? in
      let source = axis - (shape.count - atZero.rank)
      guard source >= 0, atZero.shape[source] > 1, extent == .known(atZero.shape[source]) else { return nil }
      return own.axes[source]
    }
    return silent.and(ZeroPlaces(axes: axes, isWhole: own.isWhole))
  }

  /// What the operator makes of zeros and its constants; nil if that cannot be told.
  private func value(atZeroOf positions: [Int], shapes: [Int: [Int]] = [:]) -> Tensor? {
    guard let op = site.op as? any Evaluable else { return nil }
    var inputs = site.operands.map { $0?.constant }
    for position in positions {
      guard let type = site.operands[position]?.type.tensor, let rank = type.rank,
        let zero = Self.zero(type.dtype, shapes[position] ?? Array(repeating: 1, count: rank))
      else { return nil }
      inputs[position] = zero
    }
    return (try? op.evaluateChecked(inputs, limits: ResourceLimits()))?.first
  }

  private static func zero(_ dtype: DType, _ shape: [Int]) -> Tensor? {
    guard let count = try? Tensor.elementCount(of: shape), count <= ZeroSite.mostPlaces,
      let floats = try? Tensor([Float](repeating: 0, count: count), shape: shape)
    else { return nil }
    return dtype == .float32 ? floats : (try? Cast(to: dtype).evaluate([floats]))?.first
  }

  private func keepsZero(_ activation: LinearActivation) -> Bool {
    guard let zero = Self.zero(.float32, [1, 1]) else { return false }
    let result = try? Linear(activation: activation).evaluate([zero, zero])
    return result?[0].zeroPlaces().isWhole ?? false
  }
}
