import LatheDiagnostics

/// What a value of a graph holds while it runs: a tensor, a sequence, or an optional.
public indirect enum Datum: Sendable, Equatable {
  case tensor(Tensor)
  /// Elements of one type, which is known even if there are none.
  case sequence([Datum], of: ValueType)
  case optional(Datum?, of: ValueType)

  /// The type, with the shape of a tensor as numbers.
  public var type: ValueType {
    switch self {
    case .tensor(let tensor): .tensor(TensorType(of: tensor))
    case .sequence(_, let element): .sequence(element)
    case .optional(_, let element): .optional(element)
    }
  }

  /// Bytes of all tensors within, shared ones counted each time.
  public var byteCount: Int {
    switch self {
    case .tensor(let tensor): tensor.byteCount
    case .sequence(let elements, _): elements.reduce(0) { $0 + $1.byteCount }
    case .optional(let element, _): element?.byteCount ?? 0
    }
  }

  /// The tensor, or nil for anything else.
  public var tensor: Tensor? {
    guard case .tensor(let tensor) = self else { return nil }
    return tensor
  }

  /// The tensor.
  ///
  /// - Throws: `operator/not-a-tensor` for sequences and optionals.
  public func requireTensor() throws(Diagnostic) -> Tensor {
    guard let tensor else {
      throw .invalid("operator/not-a-tensor", "a tensor is needed here, but the value is \(type)")
    }
    return tensor
  }
}
