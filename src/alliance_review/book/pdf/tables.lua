-- Tables: type size, direction of the page and widths of columns are worked out from the text.

local folder = pandoc.path.directory(PANDOC_SCRIPT_FILE)
local common = dofile(pandoc.path.join { folder, 'common.lua' })
local block, has, pieces, wrapped, body = common.block, common.has, common.pieces, common.wrapped, common.body

-- Set width of a text in ems of Libertinus Serif, near enough to share out a page.
local function ems(s)
  local sum = 0
  for _, code in utf8.codes(s) do
    local c = code < 128 and string.char(code) or 'n'
    sum = sum + (c:find('[MWmw@%%]') and 0.8 or c:find('%u') and 0.66
      or c:find('[iljtfr%.,:;\'|%(%)%[%] %-!/]') and 0.31 or 0.49)
  end
  return sum
end

-- Width of the widest piece that cannot be broken: long words of letters are hyphenated.
local function widest(text)
  local most = 0
  for token in text:gmatch('%S+') do
    local parts = pieces(token)
    if #parts == 1 then parts = { token:match('^(.-[%-/])%l') or token } end
    for _, part in ipairs(parts) do
      if #part > 12 and part:match('^%a+%p*$') then part = part:sub(1, 10) end
      most = math.max(most, utf8.len(part) and ems(part) or 6)
    end
  end
  return most
end

local function measure(el, rows)
  local columns, tall = {}, false
  for i = 1, #el.colspecs do columns[i] = { least = 1, most = 1, sum = 0, cells = 0, num = 0 } end
  for _, row in ipairs(rows) do
    local at = 1
    for _, cell in ipairs(row.cells) do
      local c = columns[at]
      if c and cell.col_span == 1 then
        local text = pandoc.utils.stringify(cell.contents)
        local width = utf8.len(text) and ems(text) or #text / 2
        c.least = math.max(c.least, widest(text))
        c.most = math.max(c.most, width)
        tall = tall or width > 700
        c.sum = c.sum + width
        c.cells = c.cells + 1
        if has(cell, 'num') or has(cell, 'text-right') then c.num = c.num + 1 end
      end
      at = at + cell.col_span
    end
  end
  for _, c in ipairs(columns) do
    c.mean = c.cells > 0 and c.sum / c.cells or 1
    c.numeric = c.num > 0 and c.num >= c.cells / 2
    if c.most < 9 then c.least = c.most end  -- a short cell stays on one line
  end
  return columns, tall
end

local PORTRAIT, LANDSCAPE, GAP = 459, 692, 10   -- points: the text block, upright and turned

local function total(columns, key)
  local sum = 0
  for _, c in ipairs(columns) do sum = sum + c[key] end
  return sum
end

-- Type size, direction of the page and widths of the columns, so that nothing is set under 7 pt.
local function layout(columns, turned)
  local least, most, gaps = total(columns, 'least'), total(columns, 'most'), #columns * GAP
  local size, wide = nil, true
  if not turned then
    for _, s in ipairs { 8.5, 8, 7.5 } do
      if least * s * (least < most and 1.12 or 1) + gaps <= PORTRAIT then size, wide = s, false; break end
    end
  end
  for _, s in ipairs { 8.5, 8, 7.5, 7 } do
    if not size and least * s * 1.05 + gaps <= LANDSCAPE then size = s end
  end
  local crowded = not size
  size = size or 7
  local page = wide and LANDSCAPE or PORTRAIT
  local widths = {}
  if most * size + gaps <= page * 0.62 then
    for i in ipairs(columns) do widths[i] = 'auto' end
    return size, wide, widths, false
  end
  -- Each column has what it cannot do without; the rest goes where the text is.
  local spare, want = math.max(0, (page - gaps) / size - least), 0
  for _, c in ipairs(columns) do
    c.want = math.max(0, math.min(c.most, math.sqrt(c.mean * c.most)) - c.least)
    want = want + c.want
  end
  for i, c in ipairs(columns) do
    local extra = want > 0 and spare * c.want / want or spare / #columns
    widths[i] = string.format('%.2ffr', (c.least + extra) * size + GAP)
  end
  return size, wide, widths, crowded
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
  local columns, tall = measure(el, all)
  local size, wide, widths, crowded = layout(columns, turned)
  local aligns = pandoc.List {}
  for i, c in ipairs(columns) do
    local a = tostring(el.colspecs[i][1])
    aligns:insert((c.numeric or a == 'AlignRight') and 'right' or a == 'AlignCenter' and 'center' or 'left')
  end
  local out = pandoc.Blocks {}
  out:insert(block('#data-table(columns: (' .. table.concat(widths, ', ') .. ',), align: ('
    .. table.concat(aligns, ', ') .. ',), size: ' .. size .. 'pt, wide: ' .. tostring(wide)
    .. ', long: ' .. tostring(#rows > 12) .. ', heads: ' .. #heads .. ', split: ' .. tostring(tall)
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
  out:insert(block(')'))
  if crowded then
    local first = heads[1] and heads[1].cells[1] and pandoc.utils.stringify(heads[1].cells[1].contents)
    out:insert(block('//crowded: ' .. #columns .. ' columns, first heading ' .. (first or 'none')))
  end
  return out
end

return table_call
