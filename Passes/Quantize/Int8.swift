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
/// `ignore` and `only` name nodes by name or operator; `{re}` begins a regular expression. Weights: absolute maximum of each output / 127.
/// Calibrators: see `Calibrator`; sources stand there.
public struct Int8Quantization: Pass {
  public struct Options: PassOptions {
    /// `static` or `dynamic`.
    public var activations = Activations.static
    /// How thresholds are chosen; for static activations.
    public var calibrator = Calibrator.mse
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
    var plan = Int8Plan(graph, selection, isStatic: options.activations == .static, &outcome)
    if options.activations == .static {
      guard let observe = context.observe else {
        throw Diagnostic(
          "quantize/samples", .usage, "static activations need samples to choose their scales on",
          at: Location(pass: Self.id.rawValue), fix: "add --samples FILE or --calibration-samples FILE, or use activations=dynamic")
      }
      let points = plan.points
      let seen = try observe(graph, points)
      try plan.choose(options.calibrator, Dictionary(zip(points, seen)) { first, _ in first }, graph, &outcome)
    }
    var rewriting = Int8Rewriting(plan, context)
    try rewriting.run(on: &graph, &outcome)
    return outcome
  }
}
