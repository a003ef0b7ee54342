import LatheDiagnostics
import LatheSamples

extension SampleSet {
  /// The set, after a warning on standard error if a part of texts is not looked at.
  func tellingTruncated(_ path: String, _ options: SampleOptions) -> SampleSet {
    guard truncated > 0 else { return self }
    let warning = Diagnostic.warning(
      "samples/truncated", "\(truncated) of \(count) texts have more than \(options.maximumLength) tokens; the rest of them is not looked at",
      at: Location(file: path), fix: "raise --max-length if the model sees longer texts where it runs")
    Terminal.error.write(DiagnosticRenderer(terminal: .error).render(warning))
    return self
  }
}
