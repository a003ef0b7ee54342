import LatheDiagnostics

/// Shape whose dimensions may be symbolic; outermost axis first.
public typealias Shape = [Dimension]

/// Element type and, where the rank is known, shape of a tensor.
public struct TensorType: Sendable, Hashable {
  public var dtype: DType
  /// nil if not even the rank is known.
  public var shape: Shape?

  public init(_ dtype: DType, _ shape: Shape?) {
    self.dtype = dtype
    self.shape = shape
  }

  /// The type of a concrete tensor.
  public init(of tensor: Tensor) {
    self.init(tensor.dtype, tensor.shape.map { .known($0) })
  }

  /// Number of axes, if known.
  public var rank: Int? { shape?.count }

  /// The shape as numbers, if every dimension is one.
  public var knownShape: [Int]? {
    guard let shape else { return nil }
    let numbers = shape.compactMap(\.known)
    return numbers.count == shape.count ? numbers : nil
  }
}

/// What a value of a graph can hold.
public indirect enum ValueType: Sendable, Hashable {
  case tensor(TensorType)
  case sparseTensor(TensorType)
  case sequence(ValueType)
  case optional(ValueType)
  /// Keys are integers or strings.
  case map(key: DType, value: ValueType)
  /// A type that only its own domain knows.
  case opaque(domain: String, name: String)

  /// The tensor's type, if it is one.
  public var tensor: TensorType? {
    guard case .tensor(let type) = self else { return nil }
    return type
  }
}

extension ValueType {
  /// Refuses what no tensor can be.
  ///
  /// - Throws: `tensor/rank` for a tensor of more axes than `Tensor.maximumRank`, `tensor/shape` for a negative extent.
  public func checkExtents() throws(Diagnostic) {
    guard let shape = tensor?.shape else { return }
    guard shape.count <= Tensor.maximumRank else {
      throw .invalid(
        "tensor/rank", "a tensor of \(shape.count) axes is asked for; at most \(Tensor.maximumRank) make sense")
    }
    if let negative = shape.lazy.compactMap(\.known).first(where: { $0 < 0 }) {
      throw .invalid("tensor/shape", "the shape of \(self) has the negative dimension \(negative)")
    }
  }
}

extension TensorType: CustomStringConvertible {
  /// The text form: `f32[batch, seq, 128]`, `i64[]` for a scalar, `f32[*]` for unknown rank.
  public var description: String {
    guard let shape else { return "\(dtype)[*]" }
    return "\(dtype)[\(shape.map(\.description).joined(separator: ", "))]"
  }
}

extension ValueType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tensor(let type): type.description
    case .sparseTensor(let type): "sparse(\(type))"
    case .sequence(let element): "sequence(\(element))"
    case .optional(let element): "optional(\(element))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .opaque(let domain, let name): "opaque(\(domain), \(name))"
    }
  }
}
