import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// The passes that can be asked for, by id.
public struct PassCatalog: Sendable {
  /// One pass that can be asked for: a type of this program, or what a plugin brings.
  public struct Entry: Sendable {
    public let id: PassID
    /// One line for `lathe passes`.
    public let summary: String
    /// What is promised where all options are defaults.
    public let guarantee: Guarantee
    private let listOptions: @Sendable () throws(Diagnostic) -> OrderedDictionary<String, JSONValue>?
    private let makePass: @Sendable (JSONValue) throws(Diagnostic) -> any Pass

    /// A pass of a type.
    public init<P: Pass>(_ type: P.Type) {
      let coder = OptionCoder<P.Options>(pass: P.id)
      id = P.id
      summary = P.summary
      guarantee = P(options: P.Options()).guarantee
      listOptions = { () throws(Diagnostic) in try coder.defaults() }
      makePass = { (given) throws(Diagnostic) in P(options: try coder.decode(given)) }
    }

    /// A pass from outside this program, which reads its options itself.
    ///
    /// - Parameter make: makes the pass from a JSON object.
    public init(
      _ id: PassID, summary: String, guarantee: Guarantee,
      make: @escaping @Sendable (JSONValue) throws(Diagnostic) -> any Pass
    ) {
      self.id = id
      self.summary = summary
      self.guarantee = guarantee
      listOptions = { () throws(Diagnostic) in nil }
      makePass = make
    }

    /// The options with their defaults; nil where the pass takes any.
    ///
    /// - Throws: `passes/options` if they cannot be written as JSON.
    public func options() throws(Diagnostic) -> OrderedDictionary<String, JSONValue>? { try listOptions() }

    /// Makes the step with these options.
    ///
    /// - Parameter given: a JSON object with some of the pass's options, by their names in kebab-case.
    /// - Throws: `passes/option…`, with the nearest known name.
    public func step(_ given: JSONValue = [:]) throws(Diagnostic) -> Pipeline.Step {
      guard given.objectValue != nil else {
        throw Diagnostic(
          "passes/options", .usage, "options are an object, not \(given.kindDescription)",
          at: Location(pass: id.rawValue))
      }
      return Pipeline.Step(id, try makePass(given), options: given)
    }
  }

  private var entries: [PassID: Entry] = [:]

  public init(_ types: [any Pass.Type]) {
    for type in types { entries[type.id] = Entry(type) }
  }

  /// Every pass, sorted by id.
  public var all: [Entry] { entries.values.sorted { $0.id.rawValue < $1.id.rawValue } }

  /// Adds a plugin's pass.
  ///
  /// - Throws: `passes/id` if the id is not a family and a name in kebab-case, `passes/duplicate` if there is one with its id.
  public mutating func add(_ entry: Entry) throws(Diagnostic) {
    let isProgram = entry.id.rawValue.hasPrefix("exec:")
    guard isProgram || entry.id.rawValue.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*/) != nil else {
      throw Diagnostic(
        "passes/id", .invalidInput, "\"\(entry.id)\" is no id of a pass", fix: "write family/name, both in lower case with dashes")
    }
    guard entries[entry.id] == nil else {
      throw Diagnostic(
        "passes/duplicate", .invalidInput, "there is a pass \(entry.id) already", fix: "give the plugin's pass another id")
    }
    entries[entry.id] = entry
  }

  /// Whether there is a pass with this id.
  public func contains(_ id: PassID) -> Bool { entries[id] != nil }

  /// The pass with this id.
  ///
  /// - Throws: `passes/unknown`, with the nearest known id.
  public func entry(_ id: PassID) throws(Diagnostic) -> Entry {
    if let entry = entries[id] { return entry }
    let nearest = Spelling.nearest(id.rawValue, among: entries.keys.map(\.rawValue))
    throw Diagnostic(
      "passes/unknown", .usage, "there is no pass \(id)", fix: nearest.map { "did you mean \($0)?" } ?? "lathe passes lists them")
  }

  /// Makes the step of the pass with this id.
  ///
  /// - Throws: `passes/unknown` and `passes/option…`, each with the nearest known name.
  public func step(_ id: PassID, options: JSONValue = [:]) throws(Diagnostic) -> Pipeline.Step {
    try entry(id).step(options)
  }
}
