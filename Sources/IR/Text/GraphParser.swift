import LatheDiagnostics
import LatheTensors

/// Reads the text form that `GraphPrinter` writes.
///
/// Large constants stand in the text as fingerprints; `constants` supplies them. Tests may also write
/// `= seeded(N)` for reproducible values in [−1, 1) and `= fill(X)`.
public struct GraphParser: Sendable {
  /// Finds the contents of a constant that is only named: its name, type and fingerprint; nil if unknown.
  public typealias ConstantSource = @Sendable (_ name: String, _ type: TensorType, _ fingerprint: UInt64) -> Tensor?

  public var catalog: OperatorCatalog
  public var constants: ConstantSource
  public var limits: ResourceLimits

  public init(
    catalog: OperatorCatalog, limits: ResourceLimits = ResourceLimits(),
    constants: @escaping ConstantSource = { _, _, _ in nil }
  ) {
    self.catalog = catalog
    self.limits = limits
    self.constants = constants
  }

  /// The graph that `text` describes, with inferred types, verified.
  ///
  /// - Throws: `text/…` with line and column, and what inference and the verifier throw.
  public func parse(_ text: String, file: String? = nil) throws(Diagnostic) -> Graph {
    var reader = GraphTextReader(parser: self, lexer: TextLexer(text, file: file))
    try reader.advance()
    var graph = try reader.graph(depth: 0)
    guard reader.token == .end else { throw reader.failure("nothing may follow the graph") }
    try graph.inferTypes()
    try Verifier().verify(graph)
    return graph
  }
}

/// The recursive descent behind `GraphParser`.
struct GraphTextReader {
  let parser: GraphParser
  private(set) var lexer: TextLexer
  private(set) var token: TextLexer.Token = .end

  init(parser: GraphParser, lexer: TextLexer) {
    self.parser = parser
    self.lexer = lexer
  }

  mutating func advance() throws(Diagnostic) { token = try lexer.next() }

  func failure(_ message: String, fix: String? = nil) -> Diagnostic { lexer.failure(message, fix: fix) }

  mutating func take(_ wanted: TextLexer.Token) throws(Diagnostic) -> Bool {
    guard token == wanted else { return false }
    try advance()
    return true
  }

  mutating func expect(_ punctuation: String) throws(Diagnostic) {
    guard try take(.punctuation(punctuation)) else { throw failure("\(punctuation) is missing here") }
  }

  mutating func word() throws(Diagnostic) -> String {
    guard case .word(let word) = token else { throw failure("a name is missing here") }
    try advance()
    return word
  }

  mutating func string() throws(Diagnostic) -> String {
    guard case .string(let string) = token else { throw failure("a string is missing here") }
    try advance()
    return string
  }

  /// `graph "name" (%in: type, …) captures (%x: type, …) -> (%out, …) { … }`
  mutating func graph(depth: Int) throws(Diagnostic) -> Graph {
    guard depth <= parser.limits.nestingDepth else {
      throw parser.limits.exceeded(
        "nesting-depth", "graphs nest deeper than \(depth - 1)", at: lexer.location(lexer.tokenStart))
    }
    guard try take(.word("graph")) else { throw failure("a graph starts with the word graph") }
    var graph = Graph()
    if case .string = token { graph.name = try string() }
    for (name, type, fallback) in try parameters() { _ = try graph.addInput(name, type: type, defaultValue: fallback) }
    if try take(.word("captures")) {
      for (name, type, _) in try parameters() { _ = try graph.addCapture(name, type: type) }
    }
    try expect("->")
    let outputs = try references()
    try expect("{")
    while try !take(.punctuation("}")) { try statement(&graph, depth) }
    var ids: [ValueID] = []
    for output in outputs {
      guard let id = try resolve(output, graph) else {
        throw lexer.failure("an output cannot be left out", at: output.position)
      }
      ids.append(id)
    }
    graph.setOutputs(ids)
    return graph
  }

  /// A name of a value as it stands in the text; no name for `_`.
  private struct Reference {
    var name: String?
    var position: Int
  }

  /// The value; nil if it is left out.
  private func resolve(_ reference: Reference, _ graph: Graph) throws(Diagnostic) -> ValueID? {
    guard let name = reference.name else { return nil }
    guard let id = graph.value(named: name) else {
      throw lexer.failure("nothing before this line defines \(name)", at: reference.position)
    }
    return id
  }

  private mutating func parameters() throws(Diagnostic) -> [(name: String, type: ValueType?, defaultValue: Tensor?)] {
    try expect("(")
    var list: [(name: String, type: ValueType?, defaultValue: Tensor?)] = []
    while try !take(.punctuation(")")) {
      guard case .value(let name) = token else { throw failure("a parameter such as %x: f32[2] is missing here") }
      try advance()
      try expect(":")
      let type = try type()
      list.append((name, type, try take(.word("default")) ? try literal(name: name) : nil))
      if try !take(.punctuation(",")), token != .punctuation(")") { throw failure(", or ) is missing here") }
    }
    return list
  }

  /// `(%a, @b, _)`: names, nil where left out.
  private mutating func references() throws(Diagnostic) -> [Reference] {
    try expect("(")
    var list: [Reference] = []
    while try !take(.punctuation(")")) {
      list.append(try reference())
      if try !take(.punctuation(",")), token != .punctuation(")") { throw failure(", or ) is missing here") }
    }
    return list
  }

  private mutating func reference() throws(Diagnostic) -> Reference {
    let position = lexer.tokenStart
    switch token {
    case .value(let name), .constant(let name):
      try advance()
      return Reference(name: name, position: position)
    case .word("_"):
      try advance()
      return Reference(name: nil, position: position)
    default: throw failure("a value such as %x, @w or _ is missing here")
    }
  }

  private mutating func statement(_ graph: inout Graph, _ depth: Int) throws(Diagnostic) {
    if case .constant(let name) = token {
      try advance()
      try expect(":")
      _ = try graph.addConstant(name, try literal(name: name))
      return
    }
    try node(&graph, depth)
  }

  private mutating func node(_ graph: inout Graph, _ depth: Int) throws(Diagnostic) {
    let start = lexer.location(lexer.tokenStart)
    var outputs: [String?] = []
    if !startsOperator() {
      repeat { outputs.append(try reference().name) } while try take(.punctuation(","))
      try expect("=")
    }
    let header = try operatorHeader()
    var inputs: [ValueID?] = []
    for reference in try references() { inputs.append(try resolve(reference, graph)) }
    var captures: [ValueID] = []
    if try take(.word("captures")) {
      for reference in try references() {
        guard let value = try resolve(reference, graph) else {
          throw lexer.failure("a capture cannot be left out", at: reference.position)
        }
        captures.append(value)
      }
    }
    let attributes = try attributes(depth)
    let op: any Operator
    do {
      op = try header.make(attributes, parser.catalog)
    } catch {
      throw error.located(in: start)
    }
    let id = try graph.addNode(
      op, inputs: inputs, captures: captures, outputs: outputs, provenance: .source(header.name.description))
    if try take(.punctuation(":")) {
      for (position, _) in outputs.enumerated() {
        if position > 0 { try expect(",") }
        if try take(.word("_")) { continue }
        let type = try type()
        if let output = position < graph[id].outputs.count ? graph[id].outputs[position] : nil {
          graph.setType(type, of: output)
        }
      }
    }
    if try take(.word("as")) { graph[id].name = try string() }
  }

  private func startsOperator() -> Bool {
    if case .word(let word) = token { return word != "_" }
    return false
  }

  private struct OperatorHeader {
    var name: OperatorName
    /// Version and overload of an operator that is not known.
    var opaque: (version: Int, overload: String)?

    func make(_ attributes: Attributes, _ catalog: OperatorCatalog) throws(Diagnostic) -> any Operator {
      if let opaque {
        return OpaqueOperator(name: name, overload: opaque.overload, version: opaque.version, attributes: attributes)
      }
      guard let op = try catalog.decode(name, attributes) else {
        throw .invalid(
          "text/operator", "there is no operator \(name)",
          fix: "an operator that Lathe does not know is written opaque \"\(name)\" version 1 (…)")
      }
      return op
    }
  }

  private mutating func operatorHeader() throws(Diagnostic) -> OperatorHeader {
    let first = try word()
    guard first == "opaque", case .string = token else {
      guard try take(.punctuation("::")) else { return OperatorHeader(name: OperatorName(first)) }
      return OperatorHeader(name: OperatorName(domain: first, try word()))
    }
    let full = try string()
    guard try take(.word("version")), case .number(let digits) = token, let version = Int(digits) else {
      throw failure("version and a number are missing here")
    }
    try advance()
    let overload = try take(.word("overload")) ? try string() : ""
    let parts = full.split(separator: "::", maxSplits: 1).map { String($0) }
    let name = parts.count == 2 ? OperatorName(domain: parts[0], parts[1]) : OperatorName(full)
    return OperatorHeader(name: name, opaque: (version, overload))
  }

  /// A type, up to and including its closing bracket.
  mutating func type() throws(Diagnostic) -> ValueType? {
    if try take(.punctuation("?")) { return nil }
    let head = try peekWord()
    if let dtype = DType(name: head) {
      let shape = try shape()
      return .tensor(TensorType(dtype, shape))
    }
    guard ["sequence", "optional", "sparse", "map", "opaque"].contains(head) else {
      throw failure("\(head) is no type")
    }
    try advance()
    try expect("(")
    let result: ValueType?
    switch head {
    case "sequence": result = try type().map { .sequence($0) }
    case "optional": result = try type().map { .optional($0) }
    case "sparse": result = try type()?.tensor.map { .sparseTensor($0) }
    case "map":
      guard let key = DType(name: try word()) else { throw failure("a map's key is an element type") }
      try expect(",")
      result = try type().map { .map(key: key, value: $0) }
    default:
      let domain = token == .punctuation(",") ? "" : try word()
      try expect(",")
      result = .opaque(domain: domain, name: try word())
    }
    try expect(")")
    guard let result else { throw failure("this type is incomplete") }
    return result
  }

  private func peekWord() throws(Diagnostic) -> String {
    guard case .word(let word) = token else { throw failure("a type is missing here") }
    return word
  }

  /// `[a, b]` or `[*]`, read raw since dimensions are expressions; the current token is the element type.
  private mutating func shape() throws(Diagnostic) -> Shape? {
    guard try lexer.next() == .punctuation("[") else {
      throw failure("a type is followed by its shape, as in f32[2, n]")
    }
    let items = try lexer.bracketedList(closing: "]")
    var dimensions: Shape? = []
    if items == ["*"] { dimensions = nil }
    for item in items where dimensions != nil {
      guard let dimension = Dimension(parsing: item) else { throw failure("\(item) is no dimension") }
      dimensions?.append(dimension)
    }
    try advance()
    return dimensions
  }
}
