import LatheDiagnostics
import LatheIR
import LatheTensors

/// Parameters of a normalization that are vectors with one element for each channel, the axis 1 of [N, C, d…].
enum ChannelParameters {
  /// Checks each of the operands at `positions` against the channels of `input`.
  ///
  /// - Throws: `operator/normalization` for a shape that does not fit.
  static func check(
    _ inputs: [Operand?], _ positions: ClosedRange<Int>, of input: TensorType, _ name: OperatorName
  ) throws(Diagnostic) {
    let channels = input.shape.map { $0.count > 1 ? $0[1] : 1 } ?? .unknown
    for position in positions {
      guard let type = try inputs.optional(position)?.tensor(), let shape = type.shape else { continue }
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: channels) else {
        throw .invalid(
          "operator/normalization", "\(name) needs one parameter for each of \(channels) channels, not \(type)")
      }
    }
  }
}
