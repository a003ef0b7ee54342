import LatheCalibration
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LathePassKit
import OrderedCollections

/// What was seen of activations, by the graph and the value's name: the file of `lathe calibrate`.
///
/// Written as `Schemas/ranges.schema.json` says. A graph is known by its fingerprint, so that ranges of another model are noticed.
struct CalibrationRanges: Sendable {
  private struct Seen: Sendable {
    var ranges: [ActivationRange] = []
    var channels: ChannelStatistics?
  }

  private var graphs: OrderedDictionary<String, OrderedDictionary<String, Seen>> = [:]
  /// Samples that were run; for people.
  private var sampleCount: Int
  /// The file that this was read from.
  private let path: String?

  init(sampleCount: Int) {
    self.sampleCount = sampleCount
    path = nil
  }

  /// Graphs and values that are known.
  var counts: (graphs: Int, values: Int) { (graphs.count, graphs.values.reduce(0) { $0 + $1.count }) }

  /// Takes in what was seen.
  mutating func record(_ graph: Graph, _ points: [ObservationPoint], _ observations: [Observation]) {
    let key = graph.fingerprintText
    for (point, observation) in zip(points, observations) {
      var seen = graphs[key]?[graph[point.value].name] ?? Seen()
      switch observation {
      case .ranges(let ranges): seen.ranges = ranges
      case .channels(let channels): seen.channels = channels
      }
      graphs[key, default: [:]][graph[point.value].name] = seen
    }
  }

  /// What was seen earlier of a graph.
  ///
  /// - Throws: `calibration/stale` for another graph, or one of which other values were seen.
  func observe(_ graph: Graph, _ points: [ObservationPoint]) throws(Diagnostic) -> [Observation] {
    let key = graph.fingerprintText
    guard let values = graphs[key] else {
      throw stale("they are of \(graphs.isEmpty ? "no graph" : "the graph \(graphs.keys.joined(separator: ", "))"), and this is \(key)")
    }
    var observations: [Observation] = []
    for point in points {
      let name = graph[point.value].name
      switch point.aspect {
      case .ranges(let parts):
        guard let ranges = values[name]?.ranges, ranges.count == parts else { throw stale("\(name) has not \(parts) ranges there") }
        observations.append(.ranges(ranges))
      case .channels:
        guard let channels = values[name]?.channels else { throw stale("the channels of \(name) are not there") }
        observations.append(.channels(channels))
      }
    }
    return observations
  }

  private func stale(_ reason: String) -> Diagnostic {
    .invalid(
      "calibration/stale", "the ranges are of another graph: \(reason)", at: Location(file: path),
      fix: "run lathe calibrate again, with this model and the same passes")
  }
}

extension CalibrationRanges {
  private static let format = "lathe-ranges"
  private static let maximumBytes = 256 << 20

  /// Reads a file.
  ///
  /// - Throws: `calibration/ranges` for what is no such file or has keys that are unknown, with the place, and the reader's diagnostics.
  init(path: String) throws(Diagnostic) {
    let json = try JSONValue.parse(try InputFile.bytes(of: path, maximumBytes: Self.maximumBytes), file: path)
    self.path = path
    guard json["format"]?.stringValue == Self.format, json["version"]?.intValue == 1, let graphs = json["graphs"]?.objectValue else {
      throw Self.fault("this is no file of ranges: it has no \"format\": \"\(Self.format)\", \"version\": 1 and \"graphs\"", at: path)
    }
    sampleCount = json["samples"]?.intValue ?? 0
    do throws(Diagnostic) {
      try Self.check(json, "the file", keys: ["format", "version", "samples", "graphs"])
      for (key, values) in graphs {
        guard let values = values.objectValue else { throw Self.fault("graphs.\(key) is \(values.kindDescription), not an object") }
        for (name, value) in values { self.graphs[key, default: [:]][name] = try Self.seen(value, name) }
      }
    } catch {
      throw error.located(in: Location(file: path))
    }
  }

  private static func fault(_ message: String, at path: String? = nil, fix: String = "lathe calibrate writes such files") -> Diagnostic {
    .invalid("calibration/ranges", message, at: Location(file: path), fix: fix)
  }

  private static func check(_ json: JSONValue, _ place: String, keys: [String]) throws(Diagnostic) {
    guard let object = json.objectValue else { throw fault("\(place) is \(json.kindDescription), not an object") }
    guard let unknown = object.keys.first(where: { !keys.contains($0) }) else { return }
    let nearest = Spelling.nearest(unknown, among: keys).map { "did you mean \($0)?" }
    throw fault("\(place) has no key \(unknown)", fix: nearest ?? "the keys are \(keys.joined(separator: ", "))")
  }

  private static func seen(_ json: JSONValue, _ name: String) throws(Diagnostic) -> Seen {
    try check(json, name, keys: ["ranges", "channels"])
    var seen = Seen()
    if let ranges = json["ranges"] {
      guard let list = ranges.arrayValue else { throw fault("\(name): ranges is \(ranges.kindDescription), not an array") }
      for (index, range) in list.enumerated() { seen.ranges.append(try self.range(range, "\(name): ranges[\(index)]")) }
    }
    if let channels = json["channels"] { seen.channels = try self.channels(channels, "\(name): channels") }
    guard !seen.ranges.isEmpty || seen.channels != nil else { throw fault("\(name) has neither ranges nor channels") }
    return seen
  }

  private static func channels(_ json: JSONValue, _ place: String) throws(Diagnostic) -> ChannelStatistics {
    try check(json, place, keys: ["largest", "means", "mean-squares", "not-finite"])
    guard let largest = floats(json["largest"]), let means = floats(json["means"]), let squares = floats(json["mean-squares"]),
      largest.count == means.count, largest.count == squares.count
    else { throw fault("\(place) has not equally many numbers largest, means and mean-squares") }
    return ChannelStatistics(
      largest: largest, means: means, meanSquares: squares, notFinite: max(0, json["not-finite"]?.intValue ?? 0))
  }

  private static func range(_ json: JSONValue, _ place: String) throws(Diagnostic) -> ActivationRange {
    try check(json, place, keys: ["minimum", "maximum", "degenerate"] + Calibrator.allCases.map(\.rawValue))
    func number(_ key: String) throws(Diagnostic) -> Float? {
      guard let value = json[key] else { return nil }
      guard let number = float(value) else { throw fault("\(place): \(key) is no number that a 32-bit float can hold") }
      return number
    }
    var thresholds: [Calibrator: Float] = [:]
    for calibrator in Calibrator.allCases {
      guard let threshold = try number(calibrator.rawValue) else { continue }
      guard threshold > 0 else { throw fault("\(place): \(calibrator.rawValue) is not above 0") }
      thresholds[calibrator] = threshold
    }
    let degeneracy = json["degenerate"]?.stringValue
    guard degeneracy != nil || !thresholds.isEmpty else { throw fault("\(place) has no threshold, and no text that says why it is degenerate") }
    return ActivationRange(
      minimum: try number("minimum") ?? 0, maximum: try number("maximum") ?? 0, degeneracy: degeneracy, thresholds: thresholds)
  }

  private static func float(_ json: JSONValue?) -> Float? {
    json?.doubleValue.map { Float($0) }.flatMap { $0.isFinite ? $0 : nil }
  }

  private static func floats(_ json: JSONValue?) -> [Float]? {
    guard let elements = json?.arrayValue else { return nil }
    let numbers = elements.compactMap { float($0) }
    return numbers.count == elements.count ? numbers : nil
  }

  /// The file's contents: every calibrator's threshold of every range.
  var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "format": .string(Self.format), "version": 1, "samples": .integer(Int64(sampleCount)),
    ]
    object["graphs"] = .object(graphs.mapValues { .object($0.mapValues(Self.json)) })
    return .object(object)
  }

  private static func json(_ seen: Seen) -> JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [:]
    if !seen.ranges.isEmpty { object["ranges"] = .array(seen.ranges.map(json)) }
    if let channels = seen.channels {
      object["channels"] = [
        "largest": .array(channels.largest.map(number)), "means": .array(channels.means.map(number)),
        "mean-squares": .array(channels.meanSquares.map(number)), "not-finite": .integer(Int64(channels.notFinite)),
      ]
    }
    return .object(object)
  }

  private static func json(_ range: ActivationRange) -> JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [:]
    if range.minimum <= range.maximum { (object["minimum"], object["maximum"]) = (number(range.minimum), number(range.maximum)) }
    if let reason = range.degeneracy {
      object["degenerate"] = .string(reason)
      return .object(object)
    }
    for calibrator in Calibrator.allCases {
      if let threshold = range.threshold(calibrator) { object[calibrator.rawValue] = number(threshold) }
    }
    return .object(object)
  }

  /// The shortest number that is read as the same 32-bit float.
  private static func number(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }
}
