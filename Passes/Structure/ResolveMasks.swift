import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Takes out of the graph what masks have set to zero: heads, neurons, channels and hidden units that add nothing to any result.
///
/// ```
/// %h = lathe::Linear(%x, @up, @b) {activation = "gelu"}    →    %h = lathe::Linear(%x, @up, @b) {activation = "gelu"}
///      @up: f32[384, 1536], @b: f32[1536]                            @up: f32[384, 1149], @b: f32[1149]
/// %y = lathe::Linear(%h, @down)                                 %y = lathe::Linear(%h, @down)
///      @down: f32[1536, 384]                                         @down: f32[1149, 384]
/// ```
/// It follows axis classes, not names. An index of a class goes where at each sum over it one of the factors is zero at that index: by a constant
/// whose slice is zero, or by a value that is zero whatever the inputs are, as what follows rows and biases of zero is up to an activation that makes
/// something of zero. A head so goes by values of zero or by an output projection that does not read it, a neuron by its row and bias or by its
/// column, a hidden unit by its candidate gate. What goes can leave more behind that is zero, so that this is done again until nothing is found.
///
/// With `nncf-rule`, heads and neurons alone go, and only if all weights and biases of theirs are zero: what NNCF, OpenVINO's compression framework,
/// removed after movement sparsity. Partly zero structures stay as they are, and are told; so is the share of zeros without structure. `ignore` and
/// `only` name constants, or nodes that read them, by name or operator; `{re}` begins a regular expression.
public struct ResolveMasks: Pass {
  public struct Options: PassOptions {
    /// Whether a head or neuron goes only if all of its weights and biases are zero.
    public var nncfRule = false
    /// Constants and nodes whose structures stay.
    public var ignore: [String] = []
    /// Constants and nodes whose structures alone may go; empty for all.
    public var only: [String] = []

    public init() {}
  }

  public static let id: PassID = "structure/resolve-masks"
  public static let summary = "takes heads, neurons, channels and hidden units out that zeros have silenced"

  private let options: Options

  public init(options: Options) { self.options = options }

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    let selection = try NodeSelection(ignore: options.ignore, only: options.only)
    var outcome = PassOutcome()
    selection.noteUnmatched(in: graph, operands: graph.constants, to: &outcome)
    let parameters = graph.parameterCount
    var report = MaskReport()
    var failed: [String: String] = [:]
    while true {
      let found = find(in: graph, selection, except: failed, &report)
      guard !found.masked.isEmpty else {
        report.finish(found.all, graph)
        break
      }
      for (subject, reason) in try cut(found.masked, of: found.classes, &graph, &report) { failed[subject] = reason }
    }
    report.write(failed, parameters: (parameters, graph.parameterCount), to: &outcome)
    return outcome
  }

  private struct Findings {
    let classes: AxisClasses
    var all: [MaskedClass] = []
    /// Those of which indices go.
    var masked: [MaskedClass] = []
  }

  private func find(
    in graph: Graph, _ selection: NodeSelection, except failed: [String: String], _ report: inout MaskReport
  ) -> Findings {
    var findings = Findings(classes: AxisClasses(graph))
    let zeros = ZeroAnalysis(graph)
    for axisClass in findings.classes.all {
      let found = MaskedClass(axisClass, graph, findings.classes, zeros, byNNCFRule: options.nncfRule) { weights in
        selection.refusal(ofClassWith: weights, in: graph)
      }
      guard var found else { continue }
      if found.keepOne() { report.keptOne(of: found, graph) }
      findings.all.append(found)
      if !found.gone.isEmpty, failed[MaskReport.subject(found, graph)] == nil { findings.masked.append(found) }
    }
    return findings
  }

  /// Cuts all at once, or, if the graph cannot follow, those that it can follow one after the other.
  ///
  /// - Returns: what could not be cut, and why.
  private func cut(
    _ masked: [MaskedClass], of classes: AxisClasses, _ graph: inout Graph, _ report: inout MaskReport
  ) throws(Diagnostic) -> [(String, String)] {
    let before = graph
    do throws(Diagnostic) {
      try graph.cut(masked.map(\.cut), of: classes)
      for one in masked { report.add(one, before) }
      return []
    } catch {
      guard error.id == "axes/adaptation" else { throw error }
    }
    var (possible, refused): ([MaskedClass], [(String, String)]) = ([], [])
    for one in masked {
      var trial = before
      do throws(Diagnostic) {
        try trial.cut((possible + [one]).map(\.cut), of: classes)
        possible.append(one)
      } catch {
        guard error.id == "axes/adaptation" else { throw error }
        refused.append((MaskReport.subject(one, before), error.message))
      }
    }
    try graph.cut(possible.map(\.cut), of: classes)
    for one in possible { report.add(one, before) }
    return refused
  }
}

extension MaskedClass {
  fileprivate var cut: AxisCut { AxisCut(axisClass.id, keeping: kept) }
}

extension NodeSelection {
  /// Why what goes together with these constants is left alone, or nil if it is not: one that is to be ignored speaks for all.
  fileprivate func refusal(ofClassWith weights: [ValueID], in graph: Graph) -> String? {
    if let ignored = weights.first(where: { ignores(constant: $0, in: graph) }) { return "@\(graph[ignored].name) is to be ignored" }
    let reasons = weights.map { refusal(of: graph[$0].users, reading: $0, in: graph) }
    return reasons.contains(nil) ? nil : reasons.first ?? nil
  }
}
