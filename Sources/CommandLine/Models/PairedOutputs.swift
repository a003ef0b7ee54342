import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheTensors

/// Two models' outputs that meet sample by sample, since the models ran in batches of their own.
struct PairedOutputs {
  /// The reference's outputs, in its order.
  let names: [String]
  let reference, candidate: SampleOutputs
  /// Class index of each sample; empty where none is known.
  let labels: [Int?]
  /// Whether only samples count that are the same tokens to both.
  var coveredOnly = false

  /// - Parameter isCovered: whether a sample is the same tokens to both; nil where all are.
  func report(_ judge: DecisionJudge?, _ tolerance: Tolerance, isCovered: ((Int) -> Bool)? = nil) throws(Diagnostic) -> EquivalenceReport {
    var report = EquivalenceReport(
      samples: 0, outputs: names.map(OutputComparison.init(name:)), ranks: reference.ranks(names), accuracy: nil, tolerance: tolerance)
    var (accuracy, coverage) = (EquivalenceReport.Accuracy(labelled: 0, reference: 0, candidate: 0), EquivalenceReport.Coverage())
    var tasks = judge?.comparisons ?? []
    for sample in reference.rows.indices where candidate.rows.indices.contains(sample) {
      guard let one = reference.rows[sample], let other = candidate.rows[sample] else { continue }
      let isSame = isCovered?(sample) ?? true
      if isSame { coverage.add(isIdentical: names.allSatisfy { one[$0] == other[$0] }) }
      guard isSame || !coveredOnly else { continue }
      report.samples += 1
      try add(one, other, to: &report)
      try judge?.add(sample, one, other, to: &tasks)
      accuracy.add(label: labels.isEmpty ? nil : labels[sample], one.choice(names), other.choice(names))
    }
    for position in tasks.indices { tasks[position].finish() }
    report.tasks = tasks
    report.accuracy = accuracy.labelled > 0 ? accuracy : nil
    if isCovered != nil { report.coverage = coverage }
    return report
  }

  private func add(_ reference: [String: Tensor], _ candidate: [String: Tensor], to report: inout EquivalenceReport) throws(Diagnostic) {
    for (index, name) in names.enumerated() {
      guard let before = reference[name], let after = candidate[name] else { continue }
      if before.shape == after.shape {
        try report.outputs[index].add(reference: before, candidate: after)
      } else {
        report.outputs[index].skipRow()
      }
    }
  }
}

extension SampleOutputs {
  /// The outputs' ranks.
  fileprivate func ranks(_ names: [String]) -> [Int] {
    let first = rows.compactMap { $0 }.first
    return names.map { first?[$0]?.rank ?? 0 }
  }
}

extension [String: Tensor] {
  /// The class that the first output with a row of scores chooses; -1 for one with a NaN, which is no class.
  fileprivate func choice(_ names: [String]) -> Int? {
    for name in names {
      if let row = self[name].flatMap({ Prediction.rows(of: $0, classes: nil) }), row.count == 1 { return row[0]?.index ?? -1 }
    }
    return nil
  }
}

extension EquivalenceReport.Accuracy {
  fileprivate mutating func add(label: Int?, _ reference: Int?, _ candidate: Int?) {
    guard let label, reference != nil else { return }
    labelled += 1
    self.reference += reference == label ? 1 : 0
    self.candidate += candidate == label ? 1 : 0
  }
}
