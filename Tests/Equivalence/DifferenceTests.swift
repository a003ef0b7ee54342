import LatheEquivalence
import LatheIR
import LatheOperators
import LatheTensors
import Testing

/// Differences of graphs in their own terms.
@Suite struct DifferenceTests {
  private static let layer = """
    graph (%x: f32[n, 2]) -> (%out) {
      @w: f32[2, 2] = [1.0, 2.0, 3.0, 4.0]
      @b: f32[2] = [0.5, 0.25]
      %/m = MatMul(%x, @w)
      %/s = Add(%/m, @b)
      %out = Relu(%/s)
    }
    """

  private func difference(_ before: String, _ after: String) throws -> GraphDifference {
    GraphDifference(try TraceTests.graph(before), try TraceTests.graph(after))
  }

  @Test func theSameIsNoDifference() throws {
    #expect(try difference(Self.layer, Self.layer).isEmpty)
  }

  @Test func aFusedNodeStandsForThoseItReplaced() throws {
    let fused = """
      graph (%x: f32[n, 2]) -> (%out) {
        @w: f32[2, 2] = [1.0, 2.0, 3.0, 4.0]
        @b: f32[2] = [0.5, 0.25]
        %/s = lathe::Linear(%x, @w, @b)
        %out = Relu(%/s)
      }
      """
    let found = try difference(Self.layer, fused)
    #expect(found.rewritten.map(\.after) == [["lathe::Linear → %/s"]])
    #expect(found.rewritten.map(\.before) == [["MatMul → %/m", "Add → %/s"]])
    #expect(found.constants.isEmpty && found.added.isEmpty && found.removed.isEmpty && found.changed.isEmpty)
  }

  @Test func rowsOfWeightsAreNamedWithTheirFactor() throws {
    let found = try difference(Self.layer, Self.layer.replacing("3.0, 4.0", with: "12.0, 16.0"))
    let change = try #require(found.constants.first)
    #expect(change.name == "w" && change.differing == 2 && change.maximumDifference == 12 && change.factor == 4)
    #expect(change.rows?.axis == 0 && change.rows?.indices == [1] && change.readers == ["MatMul → %/m"])
    #expect(found.touched == ["MatMul → %/m"])
  }

  @Test func cutsAndAttributesAreTold() throws {
    let before = """
      graph (%x: f32[n, 4]) -> (%out) {
        @w: f32[4, 4] = seeded(1)
        %/a = Softmax(%x) {axis = 1}
        %out = MatMul(%/a, @w)
      }
      """
    let after = before.replacing("f32[4, 4]", with: "f32[4, 3]").replacing("axis = 1", with: "axis = 0")
    let found = try difference(before, after)
    #expect(found.changed.map(\.changes) == [["axis: 1 → 0"]] || found.changed.map(\.changes) == [["axis: not given → 0"]], "\(found.changed)")
    #expect(found.extents.map { [$0.before, $0.after, $0.constants] } == [[4, 3, 1]])
    #expect(!found.interface.isEmpty, "the output's type changed")
  }

  @Test func namesThatAreCountedUpDoNotMakeADifference() throws {
    let other = Self.layer.replacing("%/m", with: "%matmul_7").replacing("%/s", with: "%add_3")
    let counted = Self.layer.replacing("%/m", with: "%matmul").replacing("%/s", with: "%add")
    let (one, two) = (try TraceTests.graph(counted), try TraceTests.graph(other))
    #expect(GraphDifference(try one.named(like: two), two).isEmpty)
  }

  /// A node behind another takes its name over; the other is known by where it comes from.
  @Test(arguments: ["Neg", "Relu", "Identity"]) func aNodeThatTakesAnothersNameIsTold(_ operation: String) throws {
    let before = "graph (%x: f32[2]) -> (%out) {\n  %/s = Abs(%x)\n  %out = Exp(%/s)\n}"
    let after = "graph (%x: f32[2]) -> (%out) {\n  %/t = Abs(%x)\n  %/s = \(operation)(%/t)\n  %out = Exp(%/s)\n}"
    #expect(try difference(before, before).isEmpty)
    let found = try difference(before, after)
    #expect(!found.isEmpty && found.added == ["\(operation) → %/s"], "\(found)")
  }

  @Test func theSignOfZeroIsADifference() throws {
    let found = try difference(Self.layer.replacing("0.5, 0.25", with: "0.0, 0.25"), Self.layer.replacing("0.5, 0.25", with: "-0.0, 0.25"))
    let change = try #require(found.constants.first)
    #expect(change.differing == 1 && change.rows?.indices == [0] && change.summary.contains("sign of zero"), "\(change.summary)")
  }
}
