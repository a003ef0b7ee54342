import LatheDiagnostics
import LatheTensors

/// Whether a tensor is what one input of the model wants; nothing is converted behind the user's back.
struct InputFit {
  private let input: ModelInterface.Port
  private let source: String

  /// `source` is what messages call the place the tensor comes from.
  init(_ input: ModelInterface.Port, source: String) {
    self.input = input
    self.source = source
  }

  /// `tensor` if its type and shape fit.
  func checked(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    guard let type = input.type else { return tensor }
    guard tensor.dtype == type.dtype else { throw wrongType(tensor.dtype, wanted: type.dtype) }
    try checkShape(tensor.shape, type)
    return tensor
  }

  /// Checks an array of numpy before its elements are read.
  ///
  /// What numpy has no type for comes in the type that `NPZWriter` writes it in.
  func checkArray(_ dtype: DType, _ shape: [Int]) throws(Diagnostic) {
    guard let type = input.type else { return }
    guard dtype == CarrierType.of(type.dtype) ?? type.dtype else { throw wrongType(dtype, wanted: type.dtype) }
    try checkShape(shape, type)
  }

  /// An array of numpy that `checkArray` let pass, in the input's type.
  func converted(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    guard let wanted = input.type?.dtype, wanted != tensor.dtype else { return tensor }
    do {
      return try CarrierType.narrowed(tensor, to: wanted)
    } catch {
      throw error.located(in: Location(value: input.name))
    }
  }

  private func wrongType(_ given: DType, wanted: DType) -> Diagnostic {
    let name = (CarrierType.of(wanted) ?? wanted).numpyName
    return .invalid(
      "samples/dtype", "the input \(input.name) is \(given) in \(source), but the model wants \(wanted)",
      at: Location(value: input.name),
      fix:
        "convert it with numpy before saving: \(Self.variable(input.name)) = \(Self.variable(input.name)).astype(\(name))"
    )
  }

  private func checkShape(_ shape: [Int], _ type: TensorType) throws(Diagnostic) {
    guard let wanted = type.shape else { return }
    let fits = wanted.count == shape.count && zip(wanted, shape).allSatisfy { $0.known == nil || $0.known == $1 }
    guard !fits else { return }
    throw .invalid(
      "samples/shape", "the input \(input.name) has the shape \(shape) in \(source), but the model wants \(type)",
      at: Location(value: input.name), fix: "give an array of that shape")
  }

  /// The name as a variable of Python, or a placeholder.
  private static func variable(_ name: String) -> String {
    let isIdentifier = name.utf8.allSatisfy {
      $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
    }
    return isIdentifier && !name.isEmpty && !name.utf8.starts(with: "0".utf8) ? name : "array"
  }

  static func unknownInput(_ name: String, _ interface: ModelInterface, in source: String) -> Diagnostic {
    let nearest = Spelling.nearest(name, among: interface.inputs.map(\.name))
    return .invalid(
      "samples/unknown-input", "\(source) has \(name.prefix(200)), which is no input of the model",
      notes: ["the inputs are \(interface.inputNames)"],
      fix: nearest.map { "rename it: did you mean \($0)?" } ?? "name the arrays after the inputs, and leave others out")
  }

  static func missingInput(_ name: String, found: [String]) -> Diagnostic {
    .invalid(
      "samples/missing-input", "the input \(name) is missing", at: Location(value: name),
      notes: [
        "found: \(found.isEmpty ? "nothing" : found.prefix(20).map { String($0.prefix(80)) }.joined(separator: ", "))"
      ],
      fix: "give an array for every input that has no default")
  }
}
