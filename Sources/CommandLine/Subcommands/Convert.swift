import ArgumentParser
internal import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheONNX
import LathePassKit
import LathePasses
import LatheTensors
import OrderedCollections

/// `lathe convert`: a model in, passes over it, a model out.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Import a model, run passes over it, and write .lathe or ONNX.",
    discussion: "The output is reproducible: the same input, passes and version give the same bytes.")

  @Argument(help: "The model: .onnx or .lathe.")
  var input: String

  @Option(name: .shortAndLong, help: "Where to write; the ending .lathe or .onnx says which format.")
  var output: String

  @Option(help: "Run the passes of a named recipe, before those of --pass. lathe passes lists them.")
  var recipe: String?

  @Option(
    name: .customLong("pass"),
    help: ArgumentHelp(
      "Run a pass; passes run in the order given. lathe passes lists them.", valueName: "id[:key=value,…]"))
  var passes: [String] = []

  @OptionGroup var text: TextOptions

  @Option(help: "Write ONNX in this opset (default: the source's, or the first that can say it).")
  var opset: Int?

  @Flag(help: "Write ONNX with its weights in a file beside it.")
  var externalData = false

  @Flag(help: "Write what was done as JSON to standard output.")
  var json = false

  @OptionGroup var limits: LimitOptions

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try convert() }
  }

  private func convert() throws(Diagnostic) {
    let limits = try limits.limits()
    let format = try OutputFormat(path: output)
    if format == .lathe, opset != nil || externalData {
      throw Diagnostic(
        "usage/onnx-option", .usage, "--opset and --external-data are for ONNX, but the output is \(output)")
    }
    let pipeline = try PassArguments.pipeline(recipe: recipe, passes)
    let clock = ContinuousClock()
    let start = clock.now
    var loaded = try ModelLoader(limits: limits).load(input)
    loaded.model.text = try text.assets(over: loaded.model.text)
    var ledger = Ledger()
    ledger.entries.append(
      Ledger.Entry(
        step: "import", after: Ledger.Size(of: loaded.model.graph), seconds: start.duration(to: clock.now) / .seconds(1)
      ))
    let progress = ProgressBar("passes", total: pipeline.steps.count)
    defer { progress.finish() }
    try pipeline.run(on: &loaded.model.graph, limits: limits, ledger: &ledger) { number, _ in
      if number > 0 { progress.advance() }
    }
    progress.finish()
    loaded.model.record = try ConversionRecord(source: loaded, ledger: ledger).json.serialized()
    do throws(Diagnostic) {
      try write(loaded.model, format, limits)
    } catch {
      // What cannot be written is the model's fault where the writer names no file of its own.
      throw error.located(in: Location(file: input))
    }
    report(loaded, ledger)
  }

  private func write(_ model: Model, _ format: OutputFormat, _ limits: ResourceLimits) throws(Diagnostic) {
    switch format {
    case .lathe: try CompactWriter.write(model, to: output)
    case .onnx:
      var options = ONNXExporter.Options()
      options.opset = opset
      options.placement = externalData ? .external : .automatic
      options.producerVersion = LatheCommand.version
      _ = try ONNXExporter(options).export(model, to: output)
      let carriesText = model.text != nil
      guard carriesText else { return }
      Terminal.error.write(
        DiagnosticRenderer(terminal: .error).render(
          .warning("convert/text-dropped", "ONNX cannot carry the vocabulary and labels; \(output) is without them")))
    }
  }

  private func report(_ source: ModelLoader.Loaded, _ ledger: Ledger) {
    let inputBytes = source.files.reduce(0) { $0 + Self.size($1) }
    let outputBytes = Self.size(output) + Self.size(output + ".data")
    if json {
      let result: JSONValue = [
        "input": .string(input), "output": .string(output), "input_bytes": .integer(Int64(inputBytes)),
        "output_bytes": .integer(Int64(outputBytes)), "ledger": ledger.json(withTimes: true),
      ]
      Terminal.output.writeLine(result.serialized(pretty: true))
      return
    }
    Terminal.output.write(LedgerTable(ledger).render())
    Terminal.output.writeLine(
      "\n\(input): \(NumberFormat.grouped(inputBytes)) bytes → \(output): \(NumberFormat.grouped(outputBytes)) bytes\(Self.ratio(inputBytes, outputBytes))"
    )
  }

  /// ` (1.52× smaller)`, or nothing where the sizes are within a percent or two.
  private static func ratio(_ before: Int, _ after: Int) -> String {
    guard before > 0, after > 0 else { return "" }
    let ratio = Double(before) / Double(after)
    if ratio > 1.02 { return " (\(String(format: "%.2f", ratio))× smaller)" }
    return ratio < 0.98 ? " (\(String(format: "%.2f", 1 / ratio))× larger)" : ""
  }

  private static func size(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
  }
}

/// The format that an output's ending asks for.
enum OutputFormat: Equatable {
  case lathe, onnx

  /// - Throws: `usage/output-format` for any other ending.
  init(path: String) throws(Diagnostic) {
    if path.hasSuffix(".lathe") {
      self = .lathe
    } else if path.hasSuffix(".onnx") {
      self = .onnx
    } else {
      throw Diagnostic(
        "usage/output-format", .usage, "\(path) ends in neither .lathe nor .onnx",
        fix: "name the output NAME.lathe or NAME.onnx")
    }
  }
}
