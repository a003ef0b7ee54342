import LatheTensors

/// The IR version that a file needs for what is in it, found while it is made.
struct IRVersionDemand {
  /// The smallest version that has everything asked for so far.
  private(set) var version: Int

  /// What an operator set needs; from 4 on, initializers need not be inputs.
  init(opset: Int) {
    let position = opset - ONNXVersions.opset.lowerBound
    let own = OperatorVersions.irVersions.indices.contains(position) ? OperatorVersions.irVersions[position] : 0
    version = max(4, own)
  }

  /// Metadata of graphs, nodes, values and tensors; overloads of functions.
  mutating func needMetadata() { need(10) }

  /// Attributes that hold types.
  mutating func needTypeAttributes() { need(8) }

  /// Attributes that hold sparse tensors.
  mutating func needSparseTensors() { need(5) }

  mutating func need(_ dtype: DType) {
    switch dtype {
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: need(9)
    case .uint4, .int4: need(10)
    case .float4e2m1: need(11)
    case .float8e8m0: need(12)
    case .uint2, .int2: need(13)
    case .float6e2m3, .float6e3m2: need(14)
    default: break
    }
  }

  mutating func need(_ type: ValueType) {
    switch type {
    case .tensor(let tensor), .sparseTensor(let tensor): need(tensor.dtype)
    case .sequence(let element): need(element)
    case .optional(let element):
      need(8)
      need(element)
    case .map(let key, let value):
      need(key)
      need(value)
    case .opaque: break
    }
  }

  private mutating func need(_ version: Int) { self.version = max(self.version, version) }
}
