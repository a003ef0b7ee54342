import LatheIR

/// The names of one graph's values in a file, where a graph must not reuse a name that a graph around it has.
struct NameScope {
  private let enclosing: [Set<String>]
  private var taken: Set<String> = []
  private var names: [ValueID: String] = [:]
  /// The number to try next behind a name, so that many values of one name take linear time.
  private var numbers: [String: Int] = [:]

  /// Names every value: as in the graph where that is free, else with a number behind it; captures as what they stand
  /// for.
  ///
  /// `captured` has a name for each of the graph's captures; none for a main graph.
  init(_ graph: Graph, captured: [String], in outer: NameScope?) {
    enclosing = outer.map { $0.enclosing + [$0.taken] } ?? []
    for (id, name) in zip(graph.captures, captured) { names[id] = name }
    var renamed: [ValueID] = []
    for id in graph.valueIDsInOrder where names[id] == nil {
      let name = graph[id].name
      // An empty name would say that the operand is left out.
      if name.isEmpty || isTaken(name) {
        renamed.append(id)
      } else {
        taken.insert(name)
        names[id] = name
      }
    }
    for id in renamed { names[id] = add(graph[id].name) }
  }

  /// The value's name; every value of the graph has one.
  subscript(id: ValueID) -> String { names[id] ?? "" }

  /// Takes `wanted`, or `wanted` with the first free number behind it.
  mutating func add(_ wanted: String) -> String {
    let base = wanted.isEmpty ? "value" : wanted
    var name = base
    while isTaken(name) {
      let number = numbers[base, default: 1]
      name = "\(base)_\(number)"
      numbers[base] = number + 1
    }
    taken.insert(name)
    return name
  }

  private func isTaken(_ name: String) -> Bool {
    taken.contains(name) || enclosing.contains { $0.contains(name) }
  }
}
