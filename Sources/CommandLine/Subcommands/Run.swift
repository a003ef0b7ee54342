import ArgumentParser
import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheSamples
import LatheTensors
import OrderedCollections

/// `lathe run`: a model's outputs on samples or texts.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on samples or texts.",
    discussion: """
      Samples are .npz (one feed, its keys the input names), .npy, .jsonl (text with labels, or tensors by input name), .txt, or a folder \
      of ONNX test data. With -o, outputs are written by name in the order of the samples: stacked where shapes agree, else one array a \
      sample (NAME.0, NAME.1, …); an .npz's outputs are written as they are.
      """)

  @Argument(help: "The model: \(ModelLoader.formats).")
  var model: String

  @Option(help: ArgumentHelp("Samples to run on.", valueName: "file"))
  var samples: String?

  @Option(name: .customLong("text"), help: ArgumentHelp("A text to run on; may be repeated.", valueName: "text"))
  var texts: [String] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("Write the outputs here.", valueName: "out.npz"))
  var output: String?

  @OptionGroup var text: TextOptions
  @OptionGroup var arguments: SampleArguments

  @Option(help: ArgumentHelp("What runs the model: the reference interpreter, or the runtime with its kernels.", valueName: "reference|runtime"))
  var engine: Engine.Name = .reference

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard (samples != nil) != !texts.isEmpty else {
      throw ValidationError("give either --samples FILE or --text \"…\"")
    }
    guard output?.hasSuffix(".npz") ?? true else { throw ValidationError("the output is an .npz file: -o NAME.npz") }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in try runModel() }
  }

  private func runModel() throws(Diagnostic) {
    let limits = try limits.limits()
    var model = try ModelLoader(limits: limits).load(model).model
    model.text = try text.assets(over: model.text, for: model.graph)
    let threads = arguments.threadCount
    let engine = try Engine(self.engine, model.graph, file: self.model, limits: limits, threads: threads)
    let interface = ModelInterface(model)
    let options = arguments.options(limits)
    let set =
      if let samples { try SampleReader.read(path: samples, for: interface, options: options) } else {
        try SampleReader.texts(texts, for: interface, options: options)
      }
    let runner = FeedRunner(engine: engine, threads: threads)
    let results = try located { () throws(Diagnostic) in
      try runner.map(set, progress: ProgressBar("running", total: set.count)) { _, outputs in outputs }
    }
    var collector = OutputCollector(names: interface.outputs.map(\.name), set: set, interface: interface)
    for (index, outputs) in results.enumerated() { try collector.add(feed: index, outputs: outputs) }
    let arrays = try collector.arrays()
    if let output { try NPZWriter.write(arrays, to: output) }
    report(RunReport(arrays: arrays, set: set, labels: model.text?.labels ?? [], withValues: output == nil))
  }

  private func report(_ report: RunReport) {
    if json {
      Terminal.output.writeLine(report.json.serialized(pretty: true))
    } else {
      Terminal.output.write(report.text)
      if let output { Terminal.output.writeLine("written to \(output)") }
    }
  }

  /// Names the model's file in diagnostics that come from running it.
  private func located<R>(_ work: () throws(Diagnostic) -> R) throws(Diagnostic) -> R {
    do throws(Diagnostic) {
      return try work()
    } catch {
      throw error.located(in: Location(file: model))
    }
  }
}
