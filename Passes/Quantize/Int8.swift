import LatheCalibration
import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Puts linear layers and attention on symmetric INT8 values: weights with a scale for each output, activations with one for each tensor
/// (`static`, chosen on the samples) or for each token (`dynamic`).
///
/// ```
/// %y = lathe::Linear(%x, @w, @b)    →    %q = lathe::QuantizeRows(%x, @x.scale)
///                                        %y = lathe::QuantizedLinear(%q, @x.scale, @w.int8, @w.scale, @b)
/// ```
/// Where operators follow each other, values stay in INT8: embeddings, normalizations, layers and attention give INT8 values to the next one
/// themselves, and floats to those that need them. With static scales, what lies between INT8 values is computed in `CanonicalArithmetic`, so that
/// results have the same bits on every processor if nothing stays in float; with dynamic ones, attention and normalizations stay in float. Masks are never observed: only operands of products are.
///
/// `ignore` and `only` name nodes by name or operator; `{re}` begins a regular expression. Weights: absolute maximum of each output / 127, or with
/// `clip-weights` the fraction of it with the least mean squared error. Calibrators: see `Calibrator`; sources stand there. `correct-bias` adds to each
/// bias of a linear layer what the rounding of weights takes from the mean of a result (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
/// Correction"). An operand that is a constant for each channel times a value, as `quantize/smooth` leaves it, gets its scales for each channel from
/// the node before it.
public struct Int8Quantization: Pass {
  public struct Options: PassOptions {
    /// `static` or `dynamic`.
    public var activations = Activations.static
    /// How thresholds are chosen; for static activations.
    public var calibrator = Calibrator.mse
    /// Whether weights are clipped to the threshold of the least mean squared error.
    public var clipWeights = false
    /// Whether biases make up for what the rounding of weights takes from the mean on the samples.
    public var correctBias = false
    /// Nodes that stay in float.
    public var ignore: [String] = []
    /// Nodes that alone are quantized; empty for all.
    public var only: [String] = []

    public init() {}
  }

  /// What has a scale of its own.
  public enum Activations: String, Codable, Sendable {
    case `static`, dynamic

    /// - Throws: `DecodingError.dataCorrupted` that names both.
    public init(from decoder: any Decoder) throws {
      let name = try decoder.singleValueContainer().decode(String.self)
      guard let known = Activations(rawValue: name) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "\(name) is neither static nor dynamic"))
      }
      self = known
    }
  }

  public static let id: PassID = "quantize/int8"
  public static let summary = "puts linear layers and attention on symmetric INT8 values"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .approximate(metric: .cosine, bound: 0.9) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    var outcome = PassOutcome()
    selection.noteUnmatched(in: graph, to: &outcome)
    let quantizer = try Int8Quantizer(graph, options, selection, context, &outcome)
    try quantizer.quantize(&graph, &outcome)
    return outcome
  }
}
