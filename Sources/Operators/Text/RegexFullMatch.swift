import LatheDiagnostics
import LatheIR
import LatheTensors

/// Whether each string as a whole matches a regular expression in the syntax of RE2.
///
/// Matching takes time in proportion to the string and the expression, whatever they are.
public struct RegexFullMatch: Evaluable {
  public static let schema = OperatorSchema(
    "RegexFullMatch", since: 20,
    inputs: [.init("X", "T1", [.string])],
    outputs: [.init("Y", "T2", .bool)],
    attributes: ["pattern": .string])

  public var pattern: String

  public init(pattern: String) { self.pattern = pattern }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    pattern = try Attributes.required("pattern", try attributes.string("pattern"))
  }

  public func encode(into attributes: inout Attributes) { attributes.set("pattern", pattern) }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(.bool, try inputs.tensor(0).shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    var parser = RegexParser(pattern)
    let program = try RegexProgram(try parser.parse(), pattern)
    return [try Tensor((input.strings ?? []).map(program.matches), shape: input.shape)]
  }
}
