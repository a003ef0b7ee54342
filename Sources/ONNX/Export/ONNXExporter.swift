import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheTensors

/// Writes models as ONNX files that any other tool can read.
///
/// Weights stream from where they lie, so memory does not grow with them. The same model gives the same bytes.
public struct ONNXExporter: Sendable {
  /// What can be chosen about a file.
  public struct Options: Sendable, Hashable {
    /// Where weights go.
    public enum Placement: Sendable, Hashable {
      /// Into the model's file, unless that would pass protobuf's 2 GiB.
      case automatic
      /// Into a second file beside the model, named as the model with `.data` behind it.
      case external
    }

    /// Version of ONNX's operator set; nil for the smallest from the source's own on in which every operator can be
    /// said.
    public var opset: Int?
    /// Where weights go.
    public var placement = Placement.automatic
    /// Bytes from which a weight goes into the second file, if there is one.
    public var externalThreshold = 1024
    /// Whether the types of all intermediate values are written; else only those that a reader cannot infer.
    public var declaresEveryType = false
    /// Version of the tool, for the file's `producer_version`.
    public var producerVersion = ""

    /// The defaults: the source's opset or the next that will do, and one file.
    public init() {}
  }

  /// What was written.
  public struct Summary: Sendable, Hashable {
    /// Version of ONNX's operator set.
    public var opset: Int
    /// Version of the file format.
    public var irVersion: Int
    /// The files with their sizes in bytes: the model, and its weights if they are beside it.
    public var files: [File]

    /// One file.
    public struct File: Sendable, Hashable {
      /// Path, relative to what the given one is relative to.
      public var path: String
      /// Size in bytes.
      public var byteCount: Int
    }
  }

  /// What was chosen.
  public var options: Options

  /// An exporter with these options.
  public init(_ options: Options = Options()) {
    self.options = options
  }

  /// Writes `model` to `path`, and beside it a file of weights if there is to be one.
  ///
  /// Both appear when they are complete; a failure leaves what was there. The file says that Lathe made it; who made
  /// the source, and the
  /// model's record, are in its metadata under `lathe.…`. Vocabulary and labels are not written.
  ///
  /// - Throws: `onnx/opset` if a node cannot be said in the operator set, with those in which it can; `onnx/interface-type`,
  ///   `onnx/domain-version`; `file/unwritable` and `onnx/too-large` with the category `unwritableOutput`.
  @discardableResult
  public func export(_ model: Model, to path: String) throws(Diagnostic) -> Summary {
    let plan = try ExportPlan(model, options, fileName: Self.lastComponent(path))
    return try plan.write(to: path)
  }

  /// Gives the bytes of the model as one file to `sink`, in order.
  ///
  /// - Throws: as `export`, and what the sink throws.
  package func write(_ model: Model, to sink: ByteSink) throws(Diagnostic) {
    try ExportPlan(model, options, fileName: nil).writer.write(to: sink)
  }

  private static func lastComponent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }
}
