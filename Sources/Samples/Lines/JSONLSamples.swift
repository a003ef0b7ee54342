import LatheDiagnostics
import LatheIR
import LatheJSON
import LatheTensors
import OrderedCollections

/// Reads a JSON Lines file of texts, or of tensors by input name.
struct JSONLSamples {
  private enum Form { case texts, tensors }

  private let interface: ModelInterface
  private let options: SampleOptions
  private let labels: LabelNames
  private let inputNames: Set<String>
  private var form: (Form, line: Int)?
  private var texts: [TextSample] = []
  private var feeds: [Feed] = []
  private var tensorLabels: [Int?] = []

  init(_ interface: ModelInterface, _ options: SampleOptions) {
    self.interface = interface
    self.options = options
    labels = LabelNames(interface.text?.labels ?? [])
    inputNames = Set(interface.inputs.map(\.name))
  }

  /// The samples of the file at `path`.
  func read(path: String) throws(Diagnostic) -> SampleSet {
    var lines = try JSONLines(fileAt: path, limits: options.limits)
    var copy = self
    while copy.count < options.maximumCount ?? Int.max, let line = try lines.next() {
      guard case .object(let members) = line.value else {
        throw .invalid(
          "samples/line", "this line is \(line.value.kindDescription), not an object", at: Location(line: line.number),
          fix: "write each sample as {\"text\": …}, or as an object with a key for each input")
      }
      try copy.add(members, line.number)
    }
    return try copy.finished()
  }

  /// The texts of the file at `path`, whatever stands beside them.
  static func texts(at path: String, _ limits: ResourceLimits) throws(Diagnostic) -> [String] {
    var lines = try JSONLines(fileAt: path, limits: limits)
    var texts: [String] = []
    while let line = try lines.next() {
      guard let text = line.value["text"]?.stringValue else {
        throw .invalid(
          "samples/line", "this line has no \"text\"", at: Location(line: line.number), fix: "write each sample as {\"text\": …}")
      }
      texts.append(text)
    }
    guard !texts.isEmpty else { throw .noSamples }
    return texts
  }

  private var count: Int { texts.count + feeds.count }

  private func finished() throws(Diagnostic) -> SampleSet {
    switch form?.0 {
    case nil: throw .noSamples
    case .texts: return try TextBatcher(interface, options).sampleSet(of: texts)
    case .tensors:
      let labels = tensorLabels.contains { $0 != nil } ? tensorLabels : []
      return SampleSet(feeds: feeds, count: feeds.count, labels: labels)
    }
  }

  private mutating func add(_ members: OrderedDictionary<String, JSONValue>, _ line: Int) throws(Diagnostic) {
    let current: Form
    if members.keys.contains(where: inputNames.contains) {
      current = .tensors
    } else if members["text"] != nil {
      current = .texts
    } else {
      throw .invalid(
        "samples/line", "this line has neither a \"text\" nor any of the model's inputs", at: Location(line: line),
        notes: [
          "the inputs are \(interface.inputNames)",
          "the keys are \(members.keys.prefix(20).map { String($0.prefix(80)) }.joined(separator: ", "))",
        ],
        fix: "write each sample as {\"text\": …}, or as an object with a key for each input")
    }
    if let form, form.0 != current {
      throw .invalid(
        "samples/mixed-forms",
        "this line holds \(current == .texts ? "a text" : "tensors"), but line \(form.line) \(current == .texts ? "tensors" : "a text")",
        at: Location(line: line), fix: "keep texts and tensors in files of their own")
    }
    if form == nil { form = (current, line) }
    // A label may be an input of the model.
    let label = inputNames.contains("label") ? nil : try labels.index(of: members["label"], line: line)
    switch current {
    case .texts: texts.append(try textSample(members, label, line))
    case .tensors:
      feeds.append(try TensorLine(members, line, options.limits).feed(for: interface, sample: feeds.count))
      tensorLabels.append(label)
    }
  }

  private func textSample(
    _ members: OrderedDictionary<String, JSONValue>, _ label: Int?, _ line: Int
  ) throws(Diagnostic) -> TextSample {
    guard let text = members["text"]?.stringValue else { throw notText("text", members["text"], line) }
    guard let pair = members["text_pair"], !pair.isNull else { return TextSample(text: text, label: label, line: line) }
    guard let second = pair.stringValue else { throw notText("text_pair", pair, line) }
    return TextSample(text: text, pair: second, label: label, line: line)
  }

  private func notText(_ key: String, _ value: JSONValue?, _ line: Int) -> Diagnostic {
    .invalid(
      "samples/line", "\"\(key)\" is \(value?.kindDescription ?? "missing"), not a string", at: Location(line: line),
      fix: "write the text as a JSON string")
  }
}
