import LatheEquivalence

/// Writes commands that show again what was found.
struct CommandWords {
  /// The file or name of the recipe; the candidate itself where its record tells it; nil where no argument says it.
  var recipe: String?
  /// Whether the candidate is ONNX.
  let isONNX: Bool
  /// The options by which texts are read, and the samples.
  let reading: [String]
  /// Bounds, as they were given.
  let bounds: [String]

  /// Makes what the recipe makes up to a pass, and verifies that.
  func pass(_ step: Int, _ options: LocalizationOptions, _ models: TracedModels) -> String {
    guard let recipe else { return again(models, "--bisect") }
    let output = "step-\(step).lathe"
    let verify = ["lathe", "verify", models.reference.path, output] + reading + ["--engine", "runtime", "--reference-engine", "runtime"] + bounds
    return convert(recipe, options, models, output: output, ["--stop-after", "\(step)"]) + " && " + Self.line(verify)
  }

  /// Makes what the recipe makes, and compares the file with it.
  func file(_ options: LocalizationOptions, _ models: TracedModels) -> String {
    guard let recipe else { return again(models, "--bisect") }
    let output = isONNX ? "remade.onnx" : "remade.lathe"
    return convert(recipe, options, models, output: output, []) + " && " + Self.line(["lathe", "diff", output, models.candidate.path])
  }

  /// Tells the errors node by node.
  func trace(_ models: TracedModels) -> String { again(models, "--trace") }

  private func again(_ models: TracedModels, _ flag: String) -> String {
    Self.line(["lathe", "verify", models.reference.path, models.candidate.path] + reading + bounds + [flag])
  }

  private func convert(_ recipe: String, _ options: LocalizationOptions, _ models: TracedModels, output: String, _ others: [String]) -> String {
    let seen = options.calibrationSamples == nil && options.ranges == nil ? ["--calibration-samples", models.samples] : []
    let text = reading.dropFirst(2)
    return Self.line(["lathe", "convert", models.reference.path, "-o", output, "--recipe", recipe] + others + text + seen + options.replayArguments)
  }

  private static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

  /// A word as a shell reads it back.
  private static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-_./=:,+@%".utf8.contains(byte)
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }
}
