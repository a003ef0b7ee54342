internal import Foundation
import LatheDiagnostics
import LatheONNX
import LatheTensors

/// Reads ONNX test sets: a folder with `input_0.pb`, … and `output_0.pb`, …, or a folder of such folders.
struct TestSetFolder {
  /// More sets than any model comes with.
  private static let maximumFiles = 1 << 16

  private let path: String
  private let interface: ModelInterface
  private let limits: ResourceLimits

  init(path: String, _ interface: ModelInterface, _ limits: ResourceLimits) {
    self.path = path
    self.interface = interface
    self.limits = limits
  }

  /// One sample a set, in the order of their numbers.
  func read() throws(Diagnostic) -> SampleSet {
    let names = try Self.contents(of: path)
    if !Self.numbered(names, prefix: "input_", suffix: ".pb").isEmpty {
      let set = try readSet(path, names)
      return SampleSet(whole: set.inputs, compounds: set.compounds, expected: set.outputs)
    }
    let folders = Self.numbered(names, prefix: "test_data_set_", suffix: "")
    guard !folders.isEmpty else {
      throw .invalid(
        "samples/folder", "the folder has neither input_0.pb nor test_data_set_0",
        fix: "give a folder of ONNX test sets, or a .npz, .npy, .jsonl or .txt file")
    }
    var feeds: [Feed] = []
    var expected: [[String: Tensor]] = []
    for (name, _) in folders {
      let folder = "\(path)/\(name)"
      let set = try readSet(folder, try Self.contents(of: folder))
      feeds.append(Feed(inputs: set.inputs, compounds: set.compounds, sample: feeds.count))
      expected.append(set.outputs)
    }
    return SampleSet(
      feeds: feeds, count: feeds.count, expectedOutputs: expected.contains { !$0.isEmpty } ? expected : [],
      isSingleFeed: feeds.count == 1)
  }

  private func readSet(
    _ folder: String, _ names: [String]
  ) throws(Diagnostic) -> (inputs: [String: Tensor], compounds: [String: Datum], outputs: [String: Tensor]) {
    var inputs: [String: Tensor] = [:]
    var compounds: [String: Datum] = [:]
    for (name, file, datum) in try values(folder, names, prefix: "input_", ports: interface.inputs) {
      guard let port = interface.input(name) else { throw InputFit.unknownInput(name, interface, in: file) }
      guard let tensor = datum.tensor else {
        compounds[name] = datum
        continue
      }
      do {
        inputs[name] = try InputFit(port, source: "the file").checked(tensor)
      } catch {
        var diagnostic = error
        if diagnostic.id == "samples/dtype" {
          diagnostic.fix = "make the test set again with a tensor of the model's type"
        }
        throw diagnostic.located(in: Location(file: file))
      }
    }
    for input in interface.requiredInputs where inputs[input.name] == nil && compounds[input.name] == nil {
      throw InputFit.missingInput(input.name, found: inputs.keys.sorted()).located(in: Location(file: folder))
    }
    var outputs: [String: Tensor] = [:]
    for (name, file, datum) in try values(folder, names, prefix: "output_", ports: interface.outputs) {
      guard let tensor = datum.tensor else {
        throw .invalid(
          "samples/output-type", "the output \(name) is \(datum.type), and only tensors are compared",
          at: Location(file: file), fix: "remove the file; `lathe test` compares values of all types")
      }
      outputs[name] = tensor
    }
    return (inputs, compounds, outputs)
  }

  /// The values of the numbered files: a value's own name counts if a port has it, else its number among the ports.
  ///
  /// A file does not say whether it holds a tensor, a sequence or an optional: its number does.
  private func values(
    _ folder: String, _ names: [String], prefix: String, ports: [ModelInterface.Port]
  ) throws(Diagnostic) -> [(name: String, file: String, datum: Datum)] {
    var found: [(name: String, file: String, datum: Datum)] = []
    var used: Set<String> = []
    for (fileName, number) in Self.numbered(names, prefix: prefix, suffix: ".pb") {
      let file = "\(folder)/\(fileName)"
      let type = ports.indices.contains(number) ? ports[number].valueType : nil
      let (name, datum) = try ONNXDatumFile.read(path: file, type: type ?? .tensor(TensorType(.float32, nil)), limits: limits)
      let isNamed = ports.contains { $0.name == name }
      guard isNamed || ports.indices.contains(number) else {
        throw .invalid(
          "samples/test-set", "there is no \(prefix.dropLast()) \(number) of the model, which has \(ports.count)",
          at: Location(file: file), fix: "give the test set that was made for this model")
      }
      let portName = isNamed ? name : ports[number].name
      guard used.insert(portName).inserted else {
        throw .invalid(
          "samples/test-set", "two files of the set are for \(portName)", at: Location(file: file),
          fix: "give the test set that was made for this model")
      }
      found.append((portName, file, datum))
    }
    return found
  }

  /// The names that are a number between `prefix` and `suffix`, in the order of the numbers.
  private static func numbered(_ names: [String], prefix: String, suffix: String) -> [(name: String, number: Int)] {
    let numbered = names.compactMap { name in
      number(name, prefix: prefix, suffix: suffix).map { (name: name, number: $0) }
    }
    return numbered.sorted { ($0.number, $0.name) < ($1.number, $1.name) }
  }

  private static func number(_ name: String, prefix: String, suffix: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.utf8.count > prefix.utf8.count + suffix.utf8.count else {
      return nil
    }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(digits)
  }

  private static func contents(of folder: String) throws(Diagnostic) -> [String] {
    guard let directory = opendir(folder) else {
      throw Diagnostic(
        "file/missing", .missingInput, "cannot read the folder: \(String(cString: strerror(errno)))",
        at: Location(file: folder), fix: "check the path and its permissions")
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
      guard names.count <= maximumFiles else {
        throw .invalid("samples/folder", "the folder has more than \(maximumFiles) files", at: Location(file: folder))
      }
    }
    return names.sorted()
  }
}
