import LatheDiagnostics
import LatheIR
import LathePassKit
import LatheSamples
import LatheTensors
import Synchronization

/// Samples that are read again when a pass changes how the model reads texts.
final class FollowingSamples: Sendable {
  /// What a pass changed.
  struct Change: Sendable {
    /// Samples that are read as before, as the model read them before and as it reads them now, in the same batches.
    var covered: (before: SampleSet, after: SampleSet)?
    let cut: VocabularyCut?
  }

  private struct State {
    var set: SampleSet
    var interface: ModelInterface
  }

  let path: String
  private let options: SampleOptions
  private let state: Mutex<State>

  /// Reads a file.
  ///
  /// - Throws: as `SampleReader`.
  init(path: String, for interface: ModelInterface, options: SampleOptions) throws(Diagnostic) {
    (self.path, self.options) = (path, options)
    let set = try SampleReader.read(path: path, for: interface, options: options).tellingTruncated(path, options)
    state = Mutex(State(set: set, interface: interface))
  }

  /// The samples as the model reads them now.
  var set: SampleSet { state.withLock { $0.set } }

  /// Reads the samples as the model does from now on.
  ///
  /// - Parameter assets: the vocabulary and the maximum length now.
  /// - Throws: `vocabulary/samples` where no sample is left that the model can be given.
  func follow(_ outcome: PassOutcome, _ assets: TextAssets?) throws(Diagnostic) -> Change {
    let old = state.withLock { $0 }
    var interface = old.interface
    interface.text = assets
    guard old.set.texts != nil else { return try followTensors(outcome, old, interface) }
    let new = try SampleReader.read(path: path, for: interface, options: options)
    let covered = Self.covered(old.set, new, outcome.vocabulary)
    state.withLock { $0 = State(set: new, interface: interface) }
    guard !covered.isEmpty else { return Change(covered: nil, cut: outcome.vocabulary) }
    var chosen = options
    chosen.chosen = covered
    let before = try SampleReader.read(path: path, for: old.interface, options: chosen)
    return Change(covered: (before, try SampleReader.read(path: path, for: interface, options: chosen)), cut: outcome.vocabulary)
  }

  /// Samples of tensors: those with ids that are gone are left out.
  private func followTensors(_ outcome: PassOutcome, _ old: State, _ interface: ModelInterface) throws(Diagnostic) -> Change {
    var (before, after) = (old.set, old.set)
    (before.feeds, after.feeds) = ([], [])
    for feed in old.set.feeds {
      guard let mapped = try feed.mapped(by: outcome.vocabulary), feed.fits(outcome.maximumLength) else { continue }
      before.feeds.append(feed)
      after.feeds.append(mapped)
    }
    guard !after.feeds.isEmpty else {
      throw .invalid(
        "vocabulary/samples", "every sample of \(path) has tokens that are gone, or too many of them: nothing can be measured on it",
        fix: "give samples of the kind that the model is cut for")
    }
    state.withLock { $0 = State(set: after, interface: interface) }
    return Change(covered: (before, after), cut: outcome.vocabulary)
  }

  /// The samples that are the same tokens to both readings.
  private static func covered(_ old: SampleSet, _ new: SampleSet, _ cut: VocabularyCut?) -> Set<Int> {
    guard let before = old.ids, let after = new.ids else { return [] }
    let ids = cut?.newIDs
    func isSame(_ sample: Int) -> Bool {
      guard let ids else { return before[sample] == after[sample] }
      return before[sample].count == after[sample].count
        && zip(before[sample], after[sample]).allSatisfy { ids.indices.contains(Int($0)) && ids[Int($0)] == Int($1) }
    }
    return Set(before.indices.filter(isSame))
  }
}

extension Feed {
  /// The feed with the ids behind a cut; nil if one of them is gone.
  fileprivate func mapped(by cut: VocabularyCut?) throws(Diagnostic) -> Feed? {
    guard let cut else { return self }
    let new = cut.newIDs
    var copy = self
    for name in cut.inputs {
      guard let tensor = inputs[name], let numbers = tensor.integers() else { continue }
      let mapped = numbers.map { new.indices.contains($0) ? new[$0] : nil }
      let known = mapped.compactMap { $0 }
      guard known.count == mapped.count else { return nil }
      copy.inputs[name] =
        tensor.dtype == .int32
        ? try Tensor(known.map { Int32(clamping: $0) }, shape: tensor.shape) : try Tensor(known.map { Int64($0) }, shape: tensor.shape)
    }
    return copy
  }

  /// Whether no input of ids has more tokens than so many.
  fileprivate func fits(_ maximumLength: Int?) -> Bool {
    guard let maximumLength else { return true }
    return inputs.values.allSatisfy { !$0.dtype.isInteger || $0.rank != 2 || $0.shape[1] <= maximumLength }
  }
}
