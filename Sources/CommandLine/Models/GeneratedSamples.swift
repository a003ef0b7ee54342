internal import Crypto
import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors

/// Samples made for two models that come without any.
struct GeneratedSamples {
  let generated: SampleGenerator.Generated
  let origin: SampleOrigin

  /// - Parameter reference: must be able to run rows of padding alone; else there are none.
  /// - Throws: `samples/generate` for inputs that nothing can be made for.
  init(
    _ model: Model, _ candidate: Model, seed: UInt64, ranges: [String: ClosedRange<Double>], _ options: SampleOptions, reference: Engine
  ) throws(Diagnostic) {
    let generator = SampleGenerator(model, other: candidate, seed: seed, ranges: ranges)
    var generated = try generator.generate(options, withPadding: true)
    if let reason = Self.refusal(of: generated.set, reference) {
      generated = try generator.generate(options, withPadding: false)
      generated.parts.append("no row of padding alone: \(reason)")
    }
    self.generated = generated
    origin = .generated(seed: seed, digest: Self.digest(generated.set), parts: generated.parts)
  }

  /// Why the model cannot be given rows of padding alone.
  private static func refusal(of set: SampleSet, _ engine: Engine) -> String? {
    let names = Set(engine.graph.inputs.map { engine.graph[$0].name })
    for feed in set.feeds where feed.lengths?.contains(0) ?? false {
      do throws(Diagnostic) {
        let outputs = try engine.run(feed.restricted(to: names))
        if outputs.contains(where: { $0.doubles()?.contains(where: \.isNaN) ?? false }) { return "the reference gives NaN for one" }
      } catch {
        return "the reference cannot run one (\(error.message))"
      }
    }
    return nil
  }

  /// SHA-256 of all tensors in order, names, types and shapes included.
  static func digest(_ set: SampleSet) -> String {
    var hasher = SHA256()
    for feed in set.feeds {
      for (name, tensor) in feed.inputs.sorted(by: { $0.key < $1.key }) {
        hasher.update(data: Array("\(name) \(tensor.dtype.name) \(tensor.shape)\n".utf8))
        tensor.withBytes { hasher.update(bufferPointer: $0) }
      }
    }
    return SourceDigest.hexadecimal(hasher.finalize())
  }
}
