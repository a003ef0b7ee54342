import LatheDiagnostics
import LatheIR
import LatheTensors

extension ValueType {
  /// What can be said of a value that has either type; nil if they have no more in common than being values.
  func union(_ other: ValueType) -> ValueType? {
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)) where a.dtype == b.dtype: .tensor(a.union(b))
    case (.sequence(let a), .sequence(let b)): a.union(b).map { .sequence($0) }
    case (.optional(let a), .optional(let b)): a.union(b).map { .optional($0) }
    default: self == other ? self : nil
    }
  }

  /// The type without the shapes of tensors.
  var shapeless: ValueType {
    switch self {
    case .tensor(let tensor): .tensor(TensorType(tensor.dtype, nil))
    case .sequence(let element): .sequence(element.shapeless)
    case .optional(let element): .optional(element.shapeless)
    case .sparseTensor, .map, .opaque: self
    }
  }

  /// The type of a sequence's elements.
  ///
  /// - Throws: `operator/not-a-sequence` for anything else.
  func sequenceElement() throws(Diagnostic) -> ValueType {
    guard case .sequence(let element) = self else {
      throw .invalid("operator/not-a-sequence", "a sequence is needed here, but the value is \(self)")
    }
    return element
  }
}

extension TensorType {
  /// What both say: extents on which they differ are unknown.
  fileprivate func union(_ other: TensorType) -> TensorType {
    guard let a = shape, let b = other.shape, a.count == b.count else { return TensorType(dtype, nil) }
    return TensorType(dtype, zip(a, b).map { $0 == $1 ? $0 : .unknown })
  }
}

extension Datum {
  /// The elements of a sequence and their type.
  ///
  /// - Throws: `operator/not-a-sequence` for anything else.
  func sequence() throws(Diagnostic) -> (elements: [Datum], type: ValueType) {
    guard case .sequence(let elements, let type) = self else {
      throw .invalid("operator/not-a-sequence", "a sequence is needed here, but the value is \(type)")
    }
    return (elements, type)
  }

  /// The one element of an integer tensor.
  func integer(_ role: String) throws(Diagnostic) -> Int {
    let tensor = try requireTensor()
    guard tensor.elementCount == 1, let number = tensor.integers()?.first else {
      throw .invalid("operator/scalar", "the \(role) should be one integer, but is \(tensor.dtype)\(tensor.shape)")
    }
    return number
  }

  /// The one element of a tensor of truth values.
  func truth(_ role: String) throws(Diagnostic) -> Bool {
    let tensor = try requireTensor()
    guard tensor.elementCount == 1, let value = tensor.elements(as: Bool.self)?.first else {
      throw .invalid("operator/scalar", "the \(role) should be one truth value, but is \(tensor.dtype)\(tensor.shape)")
    }
    return value
  }
}

extension [Datum?] {
  /// The input at a position, or nil if it is left out.
  func optional(_ position: Int) -> Datum? { position < count ? self[position] : nil }

  /// The input at a position.
  func required(_ position: Int) throws(Diagnostic) -> Datum {
    guard let datum = optional(position) else { throw .invalid("operator/inputs", "input \(position) is missing") }
    return datum
  }
}

extension [Operand?] {
  /// The type of the input at a position.
  func required(_ position: Int) throws(Diagnostic) -> ValueType {
    guard let operand = optional(position) else { throw .invalid("operator/inputs", "input \(position) is missing") }
    return operand.type
  }
}

/// A place in a list; negative ones count from the back.
///
/// - Throws: `operator/index` if it is outside the list.
func place(_ position: Int, in count: Int, mayBeEnd: Bool = false) throws(Diagnostic) -> Int {
  let end = mayBeEnd ? count : count - 1
  guard position >= -count, position <= end else {
    throw .invalid("operator/index", "the position \(position) is outside a sequence of \(count) elements")
  }
  return position < 0 ? position + count : position
}
