import Foundation
import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors
import Testing

/// The path of a file of `make_samples.py`.
func dataPath(_ name: String, from file: String = #filePath) -> String {
  URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Data").appendingPathComponent(name)
    .path
}

/// A folder that goes when the last reference goes.
final class ScratchFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// A model's interface; an input is written as its name and type.
func interface(
  _ inputs: KeyValuePairs<String, TensorType>, outputs: KeyValuePairs<String, TensorType> = [:], text: TextAssets? = nil
) -> ModelInterface {
  ModelInterface(
    inputs: inputs.map { ModelInterface.Port(name: $0.key, type: $0.value) },
    outputs: outputs.map { ModelInterface.Port(name: $0.key, type: $0.value) }, text: text)
}

/// Words a … j have the ids 4 … 13; [PAD] is not 0, so that padding is seen.
let vocabulary = Array("[UNK]\n[CLS]\n[SEP]\n[PAD]\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\n".utf8)

let idsType = TensorType(.int64, ["batch", "sequence"])

/// A model as BERT's exports are.
func bertInterface(_ dtype: DType = .int64, _ shape: Shape = ["batch", "sequence"], labels: [String] = [])
  -> ModelInterface
{
  interface(
    [
      "input_ids": TensorType(dtype, shape), "token_type_ids": TensorType(dtype, shape),
      "attention_mask": TensorType(dtype, shape),
    ],
    outputs: [
      "logits": TensorType(.float32, ["batch", 3]), "hidden": TensorType(.float32, ["batch", "sequence", 2]),
    ],
    text: TextAssets(vocabulary: vocabulary, labels: labels))
}

/// The diagnostic of samples that must be refused, or nil when they are accepted.
func refusal(
  _ path: String, _ interface: ModelInterface, _ options: SampleOptions = SampleOptions()
) -> Diagnostic? {
  do throws(Diagnostic) {
    _ = try SampleReader.read(path: path, for: interface, options: options)
    return nil
  } catch {
    return error
  }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators").
struct Randomness: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
