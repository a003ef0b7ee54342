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
