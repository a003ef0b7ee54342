import LatheDiagnostics
import LatheONNX

/// Reads samples from files and makes feeds of them.
///
/// - `.npz`, `.npy`: one feed of arrays; the keys of an `.npz` are input names.
/// - `.jsonl`: one sample a line, `{"text": …, "label": …}` or tensors by input name.
/// - `.txt`: one text a line, blank lines included.
/// - `.pb`: the one input of a model, as an ONNX `TensorProto`.
/// - a folder: one ONNX test set (`input_0.pb`, …) or several (`test_data_set_0`, …).
public enum SampleReader {
  /// The samples at `path`, for a model with `interface`.
  ///
  /// - Throws: `file/missing` (exit code 66) if there is nothing to read, and `samples/…`, `npz/…`, `npy/…`, `json/…` or
  ///   `limit/…` for what is wrong with it.
  public static func read(
    path: String, for interface: ModelInterface, options: SampleOptions = SampleOptions()
  ) throws(Diagnostic) -> SampleSet {
    do {
      return try readUnlocated(path, interface, options)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  /// The texts as samples, without labels.
  public static func texts(
    _ texts: [String], for interface: ModelInterface, options: SampleOptions = SampleOptions()
  ) throws(Diagnostic) -> SampleSet {
    try TextBatcher(interface, options).sampleSet(of: texts.map { TextSample(text: $0) })
  }

  /// The texts of the `.jsonl` or `.txt` file at `path`, without labels and second texts.
  ///
  /// - Throws: as `read(path:for:options:)`, and `samples/texts` for a file of anything else.
  public static func texts(at path: String, limits: ResourceLimits = ResourceLimits()) throws(Diagnostic) -> [String] {
    do throws(Diagnostic) {
      switch try SampleSource(path: path) {
      case .plainText: return try PlainTextSamples.read(path: path).map(\.text)
      case .jsonLines: return try JSONLSamples.texts(at: path, limits)
      default:
        throw .invalid(
          "samples/texts", "this file does not hold texts", fix: "give a .txt file, or a .jsonl file of {\"text\": …}")
      }
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  private static func readUnlocated(
    _ path: String, _ interface: ModelInterface, _ options: SampleOptions
  ) throws(Diagnostic) -> SampleSet {
    switch try SampleSource(path: path) {
    case .folder: return try TestSetFolder(path: path, interface, options.limits).read()
    case .npz: return SampleSet(whole: try NPZReader.read(path: path, for: interface, limits: options.limits))
    case .npy:
      let input = try onlyInput(of: interface, for: "an .npy file")
      let fit = InputFit(input, source: "this file")
      return SampleSet(whole: [input.name: try NPYFile.read(path: path, fit: fit, limits: options.limits)])
    case .tensorProto:
      let input = try onlyInput(of: interface, for: "a .pb file")
      let tensor = try ONNXTensorFile.read(path: path, limits: options.limits).tensor
      return SampleSet(whole: [input.name: try InputFit(input, source: "this file").checked(tensor)])
    case .jsonLines: return try JSONLSamples(interface, options).read(path: path)
    case .plainText:
      let texts = try PlainTextSamples.read(path: path)
      return try TextBatcher(interface, options).sampleSet(of: Array(texts.prefix(options.maximumCount ?? Int.max)))
    }
  }

  private static func onlyInput(of interface: ModelInterface, for kind: String) throws(Diagnostic)
    -> ModelInterface.Port
  {
    let required = interface.requiredInputs
    if required.count == 1 { return required[0] }
    if required.isEmpty, interface.inputs.count == 1 { return interface.inputs[0] }
    throw .invalid(
      "samples/one-array", "\(kind) holds one array, but the model has the inputs \(interface.inputNames)",
      fix: "give an .npz whose keys are the names of the inputs")
  }
}
