import LatheDiagnostics
import LatheOperators
import LatheSamples
import LatheTensors

/// Inputs made up for timing.
struct BenchFeed {
  let batch: Int
  let sequence: Int

  /// - Throws: `bench/input` for an input that is no tensor of numbers of known rank.
  func feed(for interface: ModelInterface) throws(Diagnostic) -> Feed {
    var inputs: [String: Tensor] = [:]
    for port in interface.inputs where !port.hasDefault {
      guard let type = port.type, let shape = type.shape, type.dtype != .string else {
        throw .invalid(
          "bench/input", "the input \(port.name) is no tensor of numbers of known rank", at: Location(value: port.name),
          fix: "lathe run takes samples of any kind")
      }
      let extents = shape.enumerated().map { axis, extent in extent.known ?? (axis == 0 ? batch : sequence) }
      inputs[port.name] = try tensor(type.dtype, extents)
    }
    return Feed(inputs: inputs)
  }

  private func tensor(_ dtype: DType, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    let count = try Tensor.elementCount(of: shape)
    let number = dtype.isFloat ? 0 : shape.count < 2 ? Double(sequence) : 1
    let values = (0..<count).map { dtype.isFloat ? Double(($0 * 37) % 101) / 101 - 0.5 : number }
    return try Cast(to: dtype).evaluate([try Tensor(values, shape: shape)])[0]
  }
}
