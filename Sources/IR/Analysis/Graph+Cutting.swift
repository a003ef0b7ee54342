import LatheDiagnostics
import LatheTensors

extension Graph {
  /// Takes all but some indices of classes out of the graph, all at once or not at all.
  ///
  /// Constants lose the slices of what goes, constant row numbers of tables are counted anew, and attributes and constants that hold extents
  /// follow. Types are inferred again, and have to be what the classes tell. Inputs and outputs of the graph change their types, and inputs their
  /// defaults, where that is allowed. Results are the same if what goes is zero wherever it is summed over: that is the caller's matter, as
  /// is what it allows.
  ///
  /// - Parameter classes: of this graph as it is; after the cut they are of another graph.
  /// - Throws: `axes/refused` for an obstacle that is not allowed, `axes/kept` for indices that cannot stay, `axes/row-in-use` for a constant
  ///   that picks a row that goes, `axes/adaptation` for a node that cannot follow, `axes/stale` if the classes are of another graph.
  public mutating func cut(_ cuts: [AxisCut], of classes: AxisClasses) throws(Diagnostic) {
    guard !cuts.isEmpty else { return }
    for cut in cuts { try check(cut, classes) }
    var cutting = try AxisCutting(self, cuts, classes)
    try cutting.sliceValues()
    try cutting.renumberRows()
    try cutting.adaptNodes()
    try cutting.replaceOperands()
    try cutting.inferTypes()
    self = cutting.graph
  }

  private func check(_ cut: AxisCut, _ classes: AxisClasses) throws(Diagnostic) {
    guard classes.all.indices.contains(cut.axisClass.index) else {
      throw .invalid("axes/stale", "there is no axis class \(cut.axisClass.index)")
    }
    let axisClass = classes[cut.axisClass]
    guard let extent = axisClass.extent.known, axisClass.slices.allSatisfy({ contains($0.value) }) else {
      throw .invalid("axes/refused", "an axis class of extent \(axisClass.extent) cannot be cut: its extent is no number")
    }
    let name = axisClass.slices.first.map { "the class of axis \($0.axis) of %\(self[$0.value].name)" } ?? "the class"
    let isAscending = zip(cut.kept, cut.kept.dropFirst()).allSatisfy { $0 < $1 }
    guard let first = cut.kept.first, let last = cut.kept.last, isAscending, first >= 0, last < extent else {
      throw .invalid(
        "axes/kept", "the indices of \(name) that are to stay are not ascending within 0..<\(extent), or there are none",
        fix: "keep at least one index, and name each once")
    }
    let allowed = Set(cut.allowed)
    let reasons = axisClass.obstacles.filter { !allowed.contains($0) }.map(describe)
    guard reasons.isEmpty else {
      throw .invalid("axes/refused", "\(name) cannot be cut: \(reasons[0])", notes: Array(reasons.dropFirst()))
    }
  }
}
