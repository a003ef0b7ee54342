import LatheDiagnostics
import LatheIR
import LatheTensors

/// x·Φ(x) with the error function: Gelu under the name that ONNX Runtime's optimizer gave it before ONNX had one.
public struct MicrosoftGelu: UnaryFloat, AttributeFree {
  public static let schema = OperatorSchema(
    "Gelu", domain: "com.microsoft", since: 1,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)])

  public init() {}

  func apply(_ x: Double) -> Double { Gelu().apply(x) }
}
