import LatheDiagnostics
import LatheIR
import LatheTensors

/// A tensor of numbers drawn independently from one distribution.
protocol RandomTensor: Evaluable, RandomDraw {
  /// Seed of the generator; nil draws other numbers in each run.
  var seed: Float? { get }

  /// The next number of the distribution.
  func draw(_ generator: inout MersenneTwister) -> Double
}

extension RandomTensor {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    guard let type = try infer(inputs.map { $0.map { Operand($0) } }).first?.tensor, let shape = type.knownShape else {
      throw Diagnostic("operator/inconsistent", .internalFault, "\(name) cannot tell the shape of its output")
    }
    var generator = MersenneTwister(seed: seed)
    return [try Tensor(numbers: type.dtype, shape) { _ in draw(&generator) }]
  }

  /// The element type given as an attribute, which is a float.
  static func floatType(_ attributes: Attributes) throws(Diagnostic) -> DType? {
    let dtype = try attributes.dtype("dtype")
    if let dtype, !dtype.isFloat {
      throw .invalid("operator/attribute-value", "\(schema.name) makes no numbers of \(dtype)")
    }
    return dtype
  }

  /// The type of a result that is like an input.
  func typeLike(_ input: TensorType, _ dtype: DType?) throws(Diagnostic) -> [ValueType] {
    let result = dtype ?? input.dtype
    guard result.isFloat else {
      throw .invalid(
        "operator/dtype", "\(name) makes no numbers of \(result), the type of its input",
        fix: "give it the attribute dtype")
    }
    return [.tensor(TensorType(result, input.shape))]
  }
}
