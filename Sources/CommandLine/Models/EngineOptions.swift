import ArgumentParser

/// What runs the models of `lathe verify`.
struct EngineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What runs the candidate: the runtime with its kernels, which the reference interpreter checks on a few samples, the interpreter itself, or a program that asks another one.",
      valueName: "reference|runtime|exec:COMMAND"))
  var engine: Engine.Name = .runtime

  @Option(
    help: ArgumentHelp(
      "What runs the reference: the runtime, the reference interpreter, or a program that asks another one (default: as for the candidate).",
      valueName: "reference|runtime|exec:COMMAND"))
  var referenceEngine: Engine.Name?

  /// What runs the reference.
  var ofReference: Engine.Name { referenceEngine ?? engine }
}
