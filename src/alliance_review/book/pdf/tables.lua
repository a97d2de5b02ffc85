-- Tables as calls of data-table; size, direction and widths come from widths.lua.

local folder = pandoc.path.directory(PANDOC_SCRIPT_FILE)
local common = dofile(pandoc.path.join { folder, 'common.lua' })
local widths = dofile(pandoc.path.join { folder, 'widths.lua' })
local block, has, wrapped, body = common.block, common.has, common.wrapped, common.body
local ems = widths.ems

-- Height to keep free where a table begins: its caption, its headings and its first two rows.
local function opening(caption, heads, plan, page)
  local lines = 0
  for r = 1, math.min(heads + 2, #plan.lines) do lines = lines + plan.lines[r] end
  local height = lines * plan.size * 1.2 + (heads + 2) * 6.4
  if caption then
    height = height + math.ceil(ems(pandoc.utils.stringify(caption)) * 9 / page) * 12 + 8
  end
  return math.min(height, 260)
end

local function inlines_of(cell) return pandoc.utils.blocks_to_inlines(cell.contents) end

local function cells_of(rows, columns, head)
  local out = pandoc.Blocks {}
  for _, row in ipairs(rows) do
    local at = 1
    for _, cell in ipairs(row.cells) do
      local args = pandoc.List {}
      if cell.col_span > 1 then args:insert('colspan: ' .. cell.col_span) end
      if cell.row_span > 1 then args:insert('rowspan: ' .. cell.row_span) end
      if not head and (has(cell, 'num') or has(cell, 'text-right')) and not columns[at].numeric then
        args:insert('align: right')
      end
      local group = not head and cell.col_span == #columns and #columns > 1
      local content = body(group and { pandoc.Plain(wrapped('#strong[', inlines_of(cell), ']')) }
        or cell.contents)
      if has(cell, 'missing') and #cell.contents == 1 then
        content = body { pandoc.Plain(wrapped('#missing[', inlines_of(cell), ']')) }
      end
      if group then args:insert('fill: band') end
      if #args > 0 then
        out:insert(block('table.cell(' .. table.concat(args, ', ') .. ','))
        out:extend(content)
        out:insert(block('),'))
      else
        out:extend(content)
      end
      at = at + cell.col_span
    end
  end
  return out
end

local function table_call(el, caption, name, turned)
  local rows, heads, feet = pandoc.List {}, pandoc.List {}, pandoc.List {}
  for _, row in ipairs(el.head.rows) do   -- a heading without words is no heading
    local words = ''
    for _, cell in ipairs(row.cells) do words = words .. pandoc.utils.stringify(cell.contents) end
    if words ~= '' then heads:insert(row) end
  end
  for _, b in ipairs(el.bodies) do rows:extend(b.head); rows:extend(b.body) end
  feet:extend(el.foot.rows)
  local all = pandoc.List {}
  all:extend(heads); all:extend(rows); all:extend(feet)
  local columns, lengths = widths.measure(#el.colspecs, all, #heads)
  local plan = widths.layout(columns, lengths, turned)
  local tallest = math.max(table.unpack(plan.lines))
  local aligns = pandoc.List {}
  for i, c in ipairs(columns) do
    local a = tostring(el.colspecs[i][1])
    aligns:insert((c.numeric or a == 'AlignRight') and 'right' or a == 'AlignCenter' and 'center' or 'left')
  end
  local out = pandoc.Blocks {}
  out:insert(block('#data-table(columns: (' .. table.concat(plan.widths, ', ') .. ',), align: ('
    .. table.concat(aligns, ', ') .. ',), size: ' .. plan.size .. 'pt, wide: ' .. tostring(plan.wide)
    .. ', long: ' .. tostring(#rows > 12 or plan.sum > 24) .. ', heads: ' .. #heads
    .. ', split: ' .. tostring(tallest > 40) .. ', opening: '
    .. string.format('%.0f', opening(caption, #heads, plan, 459)) .. 'pt'
    .. ', name: ' .. name .. ', caption: '))
  if caption then out:extend(body(caption)) else out:insert(block('none,')) end
  if #heads > 0 then
    out:insert(block('table.header(repeat: true,'))
    out:extend(cells_of(heads, columns, true))
    out:insert(block('),'))
  end
  out:extend(cells_of(rows, columns, false))
  if #feet > 0 then
    out:insert(block('table.hline(stroke: .6pt + ink),'))
    out:insert(block('table.footer(repeat: false,'))
    out:extend(cells_of(feet, columns, false))
    out:insert(block('),'))
  end
  out:insert(block(')//end of table'))
  if plan.crowded then
    local first = heads[1] and heads[1].cells[1] and pandoc.utils.stringify(heads[1].cells[1].contents)
    out:insert(block('//crowded: ' .. #columns .. ' columns, first heading ' .. (first or 'none')))
  end
  return out
end

return table_call
